package runner_test

import (
	"fmt"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios"
)

// A kernelCall is a step beside the system call that it stands for.
type kernelCall struct {
	step string
	make func(fd int) error
}

// kernelCalls are steps on the handle s; listener and others are there.
func kernelCalls(t *testing.T) []kernelCall {
	listener := func(family int, a unix.Sockaddr) unix.Sockaddr {
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Bind(fd, a)
		}
		if err == nil {
			err = unix.Listen(fd, 4096)
		}
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		name, _ := unix.Getsockname(fd)
		return name
	}
	v4 := listener(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}).(*unix.SockaddrInet4)
	name := fmt.Sprintf("@check-%d", os.Getpid())
	listener(unix.AF_UNIX, &unix.SockaddrUnix{Name: name})
	to := fmt.Sprintf("127.0.0.1:%d", v4.Port)
	count := 0
	call := func(f func(fd int, a unix.Sockaddr) error, a unix.Sockaddr) func(int) error {
		return func(fd int) error { return f(fd, a) }
	}
	send := func(fd int, a unix.Sockaddr) error { return unix.Sendto(fd, []byte("x"), unix.MSG_NOSIGNAL, a) }
	raw := func(number uintptr, fd int, sockaddr []byte) error {
		_, _, errno := unix.Syscall(number, uintptr(fd), addressOf(sockaddr), uintptr(len(sockaddr)))
		if errno != 0 {
			return errno
		}
		return nil
	}
	return []kernelCall{
		{"{bind: s, to: 127.0.0.1:0}", call(unix.Bind, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})},
		{"{bind: s, to: '[::1]:0'}", call(unix.Bind, &unix.SockaddrInet6{Addr: [16]byte{15: 1}})},
		{"{bind: s, to: 'unix:'}", func(fd int) error { return raw(unix.SYS_BIND, fd, []byte{unix.AF_UNIX, 0}) }},
		{"{bind: s, to: 'unix:@other'}", func(fd int) error {
			count++
			return unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("%s-%d", name, count)})
		}},
		{"{listen: s}", func(fd int) error { return unix.Listen(fd, 5) }},
		{"{accept: s, as: conn}", func(fd int) error {
			unix.SetNonblock(fd, true)
			defer unix.SetNonblock(fd, false)
			_, _, err := unix.Accept(fd)
			if err == unix.EAGAIN {
				return nil // it would wait, and may succeed
			}
			return err
		}},
		{"{connect: s, to: '" + to + "'}", call(unix.Connect, v4)},
		{"{connect: s, to: '[::ffff:" + to[:9] + "]:80'}", call(unix.Connect, &unix.SockaddrInet6{Port: v4.Port, Addr: [16]byte{10: 255, 11: 255, 12: 127, 15: 1}})},
		{"{connect: s, to: 'unix:" + name + "'}", call(unix.Connect, &unix.SockaddrUnix{Name: name})},
		{"{connect: s, to: 'unspec:'}", func(fd int) error { return raw(unix.SYS_CONNECT, fd, make([]byte, 16)) }},
		{"{shutdown: s, how: read}", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RD) }},
		{"{shutdown: s, how: both}", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RDWR) }},
		{"{send: s, data: x, to: '" + to + "'}", call(send, v4)},
		{"{send: s, data: x, to: 'unix:" + name + "'}", call(send, &unix.SockaddrUnix{Name: name})},
		{"{setsockopt: s, option: IPV6_ADDRFORM, value: 2}", func(fd int) error {
			return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, 1, unix.AF_INET)
		}},
	}
}

// TestCheckAgainstKernel makes every sequence of up to three calls on every
// kind of socket, and checks each that the kernel lets through.
func TestCheckAgainstKernel(t *testing.T) {
	calls := kernelCalls(t)
	depth := 3
	if testing.Short() {
		depth = 2
	}
	for word, kind := range map[string][3]int{
		"tcp": {unix.AF_INET, unix.SOCK_STREAM, 0}, "tcp6": {unix.AF_INET6, unix.SOCK_STREAM, 0},
		"udp": {unix.AF_INET, unix.SOCK_DGRAM, 0}, "udp6": {unix.AF_INET6, unix.SOCK_DGRAM, 0},
		"unix": {unix.AF_UNIX, unix.SOCK_STREAM, 0}, "unixgram": {unix.AF_UNIX, unix.SOCK_DGRAM, 0},
		"unixpacket": {unix.AF_UNIX, unix.SOCK_SEQPACKET, 0}, "icmp": {unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP},
		"mptcp": {unix.AF_INET, unix.SOCK_STREAM, 262},
	} {
		t.Run(word, func(t *testing.T) {
			checked := 0
			var try func(chosen []kernelCall)
			try = func(chosen []kernelCall) {
				fd, err := unix.Socket(kind[0], kind[1]|unix.SOCK_CLOEXEC, kind[2])
				if err != nil {
					t.Skip(err)
				}
				for _, c := range chosen {
					err = c.make(fd)
				}
				// A connection that is reset frees its port at once.
				unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
				unix.Close(fd)
				if err != nil {
					return
				}
				text := "actors:\n  one:\n    - {socket: " + word + ", as: s}\n"
				for _, c := range chosen {
					text += "    - " + c.step + "\n"
				}
				if list, problems := scenarios.Parse("test.yaml", []byte(text)); list == nil {
					t.Errorf("the kernel lets it through:\n%s\n%s", text, problems.Report())
				}
				if checked++; len(chosen) < depth {
					for _, c := range calls {
						try(append(chosen[:len(chosen):len(chosen)], c))
					}
				}
			}
			try(nil)
			if checked < 5 {
				t.Errorf("only %d sequences were checked", checked)
			}
		})
	}
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }
