//go:build amd64 || 386 || arm64

package jail

import (
	"bufio"
	"bytes"
	"debug/elf"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// runsPrograms reports whether any program may be run.
func (o *orders) runsPrograms() bool { return o.AnyExec || len(o.Exec) > 0 }

// systemFolders are those of programs and libraries.
var systemFolders = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// systemFiles are what programs look for elsewhere.
var systemFiles = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols"}

// devices are those that programs use. They are nobody's.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// programs are the parts that the programs need which may be run. What of it
// may be run is opened at once.
func (p *plan) programs() []part {
	if !p.runsPrograms() {
		return nil
	}
	var list []part
	for _, path := range slices.Concat(systemFolders, systemFiles) {
		if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSymlink {
			list = append(list, part{Path: path, runs: p.AnyExec, code: true})
		}
	}
	for _, path := range devices {
		if _, err := os.Lstat(path); err == nil {
			list = append(list, part{Path: path, device: true})
		}
	}
	var named []string
	for _, name := range p.Exec {
		if path := p.find(name); path != "" {
			named = p.interpreted(named, path)
		}
	}
	for _, name := range p.Exec {
		p.named = append(p.named, real(p.find(name)))
	}
	for _, path := range named {
		p.opened = append(p.opened, opening{path, readFile | runFile})
		if !slices.ContainsFunc(list, func(p part) bool { return strings.HasPrefix(real(path), p.Path+"/") }) {
			list = append(list, part{Path: path, code: true})
		}
	}
	p.opened = append(p.opened, opening{"/proc", readFile | readDir}, opening{"/dev/pts", readFile | writeFile | readDir | useDevice})
	return list
}

// ownBinary opens this binary, which runs once more in the jail, and returns
// the libraries that it is linked with: none of a release.
func (p *plan) ownBinary() ([]part, error) {
	p.opened = append(p.opened, opening{self, readFile | runFile})
	loaders := interpreters(self)
	if len(loaders) == 0 {
		return nil, nil
	}
	file, err := elf.Open(self)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	names, err := file.ImportedLibraries()
	if err != nil {
		return nil, err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	list := []part{{Path: loaders[0], code: true}}
	p.opened = append(p.opened, opening{loaders[0], readFile | runFile})
	seen := make(map[string]bool)
	for line := range strings.Lines(string(maps)) {
		i := strings.IndexByte(line, '/')
		if i < 0 || !strings.Contains(line[:i], " r-xp ") || seen[line[i:]] {
			continue
		}
		seen[line[i:]] = true
		path := strings.TrimSpace(line[i:])
		for _, name := range names {
			if link := filepath.Join(filepath.Dir(path), name); real(link) == path {
				list = append(list, part{Path: link, code: true})
			}
		}
	}
	return list, nil
}

// find is where a program is that is allowed by its name or path; "" where
// there is none.
func (p *plan) find(name string) string {
	paths := []string{name}
	if !strings.Contains(name, "/") {
		paths = nil
		for _, dir := range filepath.SplitList(searchPath) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.Folder, path)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// interpreted adds a program to a list, with what the kernel runs in its place
// or to load it.
func (p *plan) interpreted(list []string, path string) []string {
	if path == "" || slices.Contains(list, path) {
		return list
	}
	list = append(list, path)
	for _, other := range interpreters(path) {
		list = p.interpreted(list, p.find(other))
	}
	return list
}

// interpreters are what a file names to be run in its place or to load it.
func interpreters(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	if rest, ok := strings.CutPrefix(line, "#!"); ok {
		words := strings.Fields(rest)
		if len(words) > 1 && filepath.Base(words[0]) == "env" && !strings.HasPrefix(words[1], "-") {
			return words[:2]
		}
		return words[:min(len(words), 1)]
	}
	file, err := elf.NewFile(f)
	if err != nil {
		return nil
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			text, _ := io.ReadAll(p.Open())
			return []string{string(bytes.TrimRight(text, "\x00"))}
		}
	}
	return nil
}

// system makes what programs expect beside the parts: links, and terminals of
// their own.
func (p *plan) system(t *tree) {
	if !p.runsPrograms() {
		return
	}
	links := map[string]string{
		"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1",
		"/dev/stderr": "/proc/self/fd/2", "/dev/ptmx": "pts/ptmx",
	}
	for _, path := range slices.Concat(systemFolders, systemFiles) {
		if to, err := os.Readlink(path); err == nil {
			links[path] = to
		}
	}
	for _, path := range slices.Sorted(maps.Keys(links)) {
		t.link(path, links[path])
	}
	t.mount("/dev/pts", p.newMount("devpts", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, "ptmxmode=666", "mode=620"), false)
}
