package source

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file for reading. What is not a regular file, such as a FIFO, a
// device or a directory, is an error: it may never end, or never begin.
func Open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err = f.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// open opens a file so that no call waits: where a read would, its error is
// EAGAIN. A file may have become a FIFO meanwhile, whose open waits for a
// writer, and a regular one of proc(5) may wait for news of the kernel, as
// /proc/kmsg does. Go's poller would wait too, so it must not know the file.
func open(path string) (*os.File, error) {
	const flags = syscall.O_RDONLY | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	fd, err := syscall.Open(path, flags, 0)
	for err == syscall.EINTR {
		fd, err = syscall.Open(path, flags, 0)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	syscall.SetNonblock(fd, false) // NewFile gives to the poller what has the flag
	f := os.NewFile(uintptr(fd), path)
	return f, os.NewSyscallError("fcntl", syscall.SetNonblock(fd, true))
}

// regular reports a file that is not a regular one.
func regular(path string, info fs.FileInfo) error {
	what := "a device"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a FIFO"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	return fmt.Errorf("%s is %s, not a file", path, what)
}

// ReadFile reads a regular file of at most [MaxFile] bytes.
func ReadFile(path string) ([]byte, error) {
	f, _, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(path, f)
}

// ReadAll reads what is called name in messages to its end. More than [MaxFile]
// bytes are an error.
func ReadAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("%s has more than %dMiB", name, MaxFile>>20)
	}
	return data, err
}
