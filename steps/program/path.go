package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// MayRun returns an error for a program, by its path, that may not be run. It
// is nil where any may be.
var MayRun func(path string) error

// LookPath finds a program as execvp(3) does, in the PATH and the folder that
// it will have itself.
func LookPath(name string, env []string, dir string) (string, error) {
	path, err := find(name, env, dir)
	if err == nil && MayRun != nil {
		err = MayRun(seenFrom(dir, path))
	}
	return path, err
}

func find(name string, env []string, dir string) (string, error) {
	if strings.Contains(name, "/") {
		return name, canRun(name, dir)
	}
	denied := ""
	for _, folder := range strings.Split(getenv(env, "PATH"), ":") {
		path := filepath.Join(folder, name)
		if !strings.Contains(path, "/") {
			path = "./" + path
		}
		info, err := os.Stat(seenFrom(dir, path))
		switch {
		case err != nil || info.IsDir():
		case unix.Access(seenFrom(dir, path), unix.X_OK) == nil:
			return path, nil
		case denied == "":
			denied = path
		}
	}
	if denied != "" {
		return "", execError(denied, dir, syscall.EACCES)
	}
	hint := fmt.Sprintf("there is no program %s in PATH: install it; requires: cmd:%s skips a scenario that lacks it", name, name)
	if getenv(env, "PATH") == "" {
		hint = fmt.Sprintf("PATH is empty, so %s is looked for only in the program's own folder: set PATH, or write the path of the program", name)
	}
	return "", &value.HintedError{Err: &sock.Error{Call: "execve", Err: syscall.ENOENT}, Hint: hint}
}

// canRun says why a file cannot be run. A shell that runs it in our place
// would report it by an exit status only.
func canRun(path, dir string) error {
	info, err := os.Stat(seenFrom(dir, path))
	if err != nil {
		return execError(path, dir, err)
	}
	if info.IsDir() || unix.Access(seenFrom(dir, path), unix.X_OK) != nil {
		return execError(path, dir, syscall.EACCES)
	}
	return nil
}

// seenFrom is a path as a program in a folder finds it.
func seenFrom(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// CheckFolder says why a folder cannot be a program's.
func CheckFolder(dir string) error {
	info, err := os.Stat(dir)
	errno := syscall.ENOTDIR
	switch {
	case err == nil && info.IsDir():
		return nil
	case err != nil && !errors.As(err, &errno):
		return err
	}
	return &value.HintedError{
		Err:  &sock.Error{Call: "chdir", Err: errno},
		Hint: fmt.Sprintf("dir is the folder %s, where no program can run", dir),
	}
}

// execRemedy is what helps where a file cannot be run.
func execRemedy(path, dir string, errno syscall.Errno) string {
	switch errno {
	case syscall.ENOENT:
		if line, ok := interpreter(seenFrom(dir, path)); ok {
			return fmt.Sprintf("the interpreter of %s is not there: %s", path, line)
		}
		if filepath.IsAbs(path) {
			return fmt.Sprintf("there is no file %s", path)
		}
		return fmt.Sprintf("there is no file %s in %s, the program's folder, which dir: changes", path, dir)
	case syscall.EACCES:
		if info, err := os.Stat(seenFrom(dir, path)); err == nil && info.IsDir() {
			return path + " is a folder, not a program"
		}
		return fmt.Sprintf("%s may not be run: make it executable with chmod +x", path)
	case syscall.ENOEXEC:
		return fmt.Sprintf("%s is not a program for this machine; a script begins with #! and its interpreter", path)
	case syscall.EAGAIN:
		return "there are too many processes: raise the limit with ulimit -u"
	}
	return ""
}

// interpreter is the #! line of a script.
func interpreter(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	start := make([]byte, 128)
	n, _ := io.ReadFull(f, start)
	line, _, _ := bytes.Cut(start[:n], []byte("\n"))
	return string(line), bytes.HasPrefix(line, []byte("#!"))
}

// Environment is one with what is added or changed. Each name comes once: of
// two a program would see the first.
func Environment(base, added []string) []string {
	at := make(map[string]int)
	var env []string
	for _, entry := range append(slices.Clone(base), added...) {
		name, _, _ := strings.Cut(entry, "=")
		if i, ok := at[name]; ok {
			env[i] = entry
			continue
		}
		at[name] = len(env)
		env = append(env, entry)
	}
	return env
}

// getenv is the value of a name in an environment.
func getenv(env []string, name string) string {
	for _, entry := range env {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			return v
		}
	}
	return ""
}
