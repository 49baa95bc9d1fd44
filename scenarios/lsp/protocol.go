package lsp

// The types of the Language Server Protocol, version 3.17, as far as they are
// used. Lines and characters count from 0; characters are UTF-16 code units.

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type location struct {
	URI   string `json:"uri"`
	Range span   `json:"range"`
}

type documentID struct {
	URI string `json:"uri"`
}

type didOpen struct {
	TextDocument struct {
		URI  string `json:"uri"`
		Text string `json:"text"`
	} `json:"textDocument"`
}

type didChange struct {
	TextDocument   documentID `json:"textDocument"`
	ContentChanges []struct {
		Text string `json:"text"`
	} `json:"contentChanges"`
}

type didClose struct {
	TextDocument documentID `json:"textDocument"`
}

type textPosition struct {
	TextDocument documentID `json:"textDocument"`
	Position     position   `json:"position"`
}

type formatting struct {
	TextDocument documentID `json:"textDocument"`
}

type textEdit struct {
	Range   span   `json:"range"`
	NewText string `json:"newText"`
}

// The severities of diagnostics.
const (
	severityError   = 1
	severityWarning = 2
)

type diagnostic struct {
	Range    span   `json:"range"`
	Severity int    `json:"severity"`
	Source   string `json:"source"`
	Message  string `json:"message"`
}

type publishDiagnostics struct {
	URI         string       `json:"uri"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// The kinds of completion items.
const (
	itemFunction = 3
	itemVariable = 6
	itemProperty = 10
	itemValue    = 12
	itemKeyword  = 14
)

type completionItem struct {
	Label         string `json:"label"`
	Kind          int    `json:"kind"`
	Detail        string `json:"detail,omitempty"`
	Documentation string `json:"documentation,omitempty"`
	InsertText    string `json:"insertText,omitempty"`
}

type hover struct {
	Contents markup `json:"contents"`
}

type markup struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

type initialized struct {
	Capabilities capabilities `json:"capabilities"`
	ServerInfo   serverInfo   `json:"serverInfo"`
}

type serverInfo struct {
	Name string `json:"name"`
}

type capabilities struct {
	TextDocumentSync           int             `json:"textDocumentSync"` // 1: whole documents
	CompletionProvider         completionOffer `json:"completionProvider"`
	HoverProvider              bool            `json:"hoverProvider"`
	DefinitionProvider         bool            `json:"definitionProvider"`
	DocumentFormattingProvider bool            `json:"documentFormattingProvider"`
}

type completionOffer struct {
	TriggerCharacters []string `json:"triggerCharacters"`
}
