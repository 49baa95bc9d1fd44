package value

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

// An Access is a kind of thing outside a scenario that it can need.
type Access string

// What a scenario can need. Its own folder to read, its temporary folder and
// the loopback network are not among them.
const (
	Exec        Access = "exec"
	ReadFile    Access = "read"
	WriteFile   Access = "write"
	Environment Access = "env"
	HostNetwork Access = "host-network"
	RawSocket   Access = "raw"
	Privilege   Access = "privilege"
)

// accesses are in the order of the reference.
var accesses = []DocRow{
	{Key: string(Exec), Help: "a program is run; it can do what the user can, and gets the environment"},
	{Key: string(ReadFile), Help: "a file outside the folder of the scenario is read, or a folder is looked into"},
	{Key: string(WriteFile), Help: "a file outside `${tmp}` is made, changed or removed, or its local socket is used"},
	{Key: string(Environment), Help: "a variable of the environment is read"},
	{Key: string(HostNetwork), Help: "something in the network of this machine that is not the scenario's own: an address that is not a loopback address, an abstract name that no step binds, vsock, a kernel parameter"},
	{Key: string(RawSocket), Help: "a raw or packet socket is made"},
	{Key: string(Privilege), Help: "root, a capability, or the right to change the user of a process"},
}

// Accesses lists what a scenario can need, for the reference.
func Accesses() []DocRow { return slices.Clone(accesses) }

// A Need is something outside that a scenario needs, with the place that says
// so.
type Need struct {
	Access Access
	Of     string // the program, path, variable or address; as the file has it where Late
	Late   bool   // only the run can tell what it is
	Pos    source.Pos

	path   string // of a file; "" where only the run can tell
	begins bool   // the path begins at the current folder
	shared bool   // a network of the scenario's own does not make it one's own
	name   string // an abstract name that may be the scenario's own
}

// Shared marks a need that a network of the scenario's own does not end.
func (n Need) Shared() Need {
	n.shared = true
	return n
}

// Moved is the need of a scenario that changes the folder which relative paths
// begin at: only the run can tell where these lead.
func (n Need) Moved() Need {
	if n.begins {
		n.path, n.Late = "", true
	}
	return n
}

// FileNeed is the need to read the file at a path, which the file calls of.
func FileNeed(of, path string, pos source.Pos) Need {
	return Need{Access: ReadFile, Of: of, Pos: pos, path: path}
}

// In is where a scenario is.
type In struct {
	Folder     string // of its file; "" where it has none
	OwnNetwork bool
	Binds      map[string]bool // the abstract names that its steps bind
}

// Met reports whether a need is only of what the scenario has itself.
func (n Need) Met(in In) bool {
	switch {
	case n.Access == HostNetwork && !n.shared:
		return in.OwnNetwork || n.name != "" && in.Binds[n.name]
	case n.Access == ReadFile && n.path != "" && in.Folder != "":
		return IsWithin(in.Folder, n.path)
	}
	return false
}

// Path is where the file of a need is, as far as the scenario says it; "" where
// only the run can tell.
func (n Need) Path() string { return n.path }

// IsWithin reports whether a path leads to a place in a folder, through all
// symbolic links that are there. A link to what is not there leads anywhere.
func IsWithin(folder, path string) bool {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return false
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return false
	}
	rest := ""
	for {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			path = filepath.Join(real, rest)
			break
		}
		if _, err := os.Lstat(path); err == nil {
			return false // a link that leads nowhere, or a folder that is closed
		}
		rest = filepath.Join(filepath.Base(path), rest)
		if path == filepath.Dir(path) {
			return false
		}
		path = filepath.Dir(path)
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// Need notes a need of the scenario.
func (d *Decoder) Need(n Need) {
	if d.needs != nil {
		*d.needs = append(*d.needs, n)
	}
}

// Needs are those noted so far.
func (d *Decoder) Needs() []Need { return *d.needs }

// CutNeeds takes the needs back that were noted after the first count.
func (d *Decoder) CutNeeds(count int) []Need {
	cut := slices.Clone((*d.needs)[count:])
	*d.needs = (*d.needs)[:count]
	return cut
}

// NeedText notes a need of what a text says.
func (d *Decoder) NeedText(a Access, t *Text) {
	_, static := t.Static()
	d.Need(Need{Access: a, Of: t.Node.Text, Late: !static, Pos: t.Node.Pos})
}

// A Start is where a relative path starts.
type Start int

// Where relative paths start.
const (
	FromFolder  Start = iota // that of the scenario file
	FromTmp                  // ${tmp}
	FromCurrent              // the current folder of the process
)

// NeedPath notes the need of a file, unless it is in ${tmp}.
func (d *Decoder) NeedPath(a Access, t *Text, from Start) {
	d.needPath(a, t.Node, t.pieces(), from)
}

// pieces are the parts of the text, also where it holds no expression.
func (x *Text) pieces() []part {
	if len(x.Parts) == 0 {
		return []part{{Lit: x.Lit}}
	}
	return x.Parts
}

func (d *Decoder) needPath(a Access, n *source.Node, parts []part, from Start) {
	if d.isTmp(parts[0].Expr) && d.staysIn(parts[1:]) {
		return
	}
	need := Need{Access: a, Of: n.Text, Late: true, Pos: n.Pos}
	if len(parts) == 1 && parts[0].Expr == nil {
		need.Of, need.Late = parts[0].Lit, false
		if from == FromTmp && filepath.IsLocal(need.Of) {
			return
		}
		need.path = pathFrom(from, need.Of, n.Pos.File)
		need.begins = from == FromCurrent && !filepath.IsAbs(need.Of)
	}
	d.Need(need)
}

// pathFrom is where a path leads that a file has.
func pathFrom(from Start, path, file string) string {
	switch {
	case filepath.IsAbs(path) || from == FromCurrent:
		return path
	case from == FromTmp:
		return filepath.Join(os.TempDir(), "sockscript", path)
	}
	return filepath.Join(filepath.Dir(file), path)
}

// isTmp reports whether an expression is the temporary folder.
func (d *Decoder) isTmp(e *Expr) bool { return d.isOwnValue(e, "tmp") }

// isOwnValue reports whether an expression is one of the values that every
// actor has, and that nothing hides.
func (d *Decoder) isOwnValue(e *Expr, names ...string) bool {
	return e != nil && slices.Contains(names, e.Source) && !d.Own.May(e.Source) && !d.vars[e.Source]
}

// staysIn reports whether a path that goes on like this stays in its folder.
func (d *Decoder) staysIn(parts []part) bool {
	rest := ""
	for _, p := range parts {
		switch {
		case p.Expr == nil:
			rest += p.Lit
		case d.isOwnValue(p.Expr, "index", "count", "pid"):
			rest += "0" // a number
		default:
			return false
		}
	}
	return rest == "" || rest[0] == '/' && (strings.Trim(rest, "/") == "" || filepath.IsLocal(strings.TrimLeft(rest, "/")))
}

// needAddress notes what an address is of that is not the scenario's own.
func (d *Decoder) needAddress(a *Address) {
	parts := a.pieces()
	if path, ok := strings.CutPrefix(parts[0].Lit, unixPrefix); ok && !strings.HasPrefix(path, "@") && (path != "" || len(parts) > 1) {
		parts = slices.Clone(parts)
		if parts[0].Lit = path; path == "" {
			parts = parts[1:]
		}
		d.needPath(WriteFile, a.Node, parts, FromCurrent)
		return
	}
	need := Need{Access: HostNetwork, Of: a.Node.Text, Pos: a.Node.Pos}
	if _, static := a.Static(); static && a.ref == nil {
		switch {
		case a.lit.Family == unix.AF_UNIX && a.lit.Path != "":
			need.name = a.lit.Path
			d.Need(need)
		case isForeign(a.lit):
			d.Need(need)
		}
		return
	}
	if d.mayBeForeign(a) {
		need.Late = true
		d.Need(need)
	}
}

const unixPrefix = "unix:"

// isForeign reports whether an address is of another machine, or of this one in
// a network that is not the scenario's own.
func isForeign(a sock.Addr) bool {
	return a.IP.IsValid() && isForeignIP(a.IP)
}

func isForeignIP(ip netip.Addr) bool {
	ip = ip.Unmap()
	return !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsMulticast()
}

// mayBeForeign judges an address that holds expressions. One that a handle has
// is an address that the scenario has used; those of variables and those that
// are computed may be any.
func (d *Decoder) mayBeForeign(a *Address) bool {
	if a.ref != nil {
		return d.vars[a.ref.Source]
	}
	if first := a.Parts[0].Lit; first != "" {
		if host, _, ok := cutHost(strings.TrimPrefix(first, "icmp:")); ok {
			ip, err := netip.ParseAddr(host)
			if err != nil {
				// The needs of the first three are those of their sockets.
				return !slices.Contains([]string{"packet", "vsock", "netlink", "unspec", ""}, host)
			}
			return isForeignIP(ip)
		}
	}
	for _, p := range a.Parts {
		if p.Expr != nil && (p.Expr.path == nil && len(p.Expr.Refs) == 0 || p.Expr.path != nil && d.vars[p.Expr.path[0]]) {
			return true
		}
	}
	return false
}

// cutHost is the host of an address whose port is not written out.
func cutHost(s string) (host, rest string, ok bool) {
	if six, in := strings.CutPrefix(s, "["); in {
		return strings.Cut(six, "]")
	}
	return strings.Cut(s, ":")
}
