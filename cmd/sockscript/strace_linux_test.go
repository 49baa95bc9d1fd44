package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
)

// kernelCalls are the system calls behind the two that the kernel does not
// have.
var kernelCalls = map[string]string{"send": "sendto", "recv": "recvfrom"}

// A traced is a step whose data, which no other step has, leads to the line of
// strace that shows its call.
type traced struct {
	call, data string
	flags      []string
	result     int
}

// conversation collects steps together with what strace must show of them.
type conversation struct {
	steps strings.Builder
	sent  []traced
	got   []traced
}

func (c *conversation) step(format string, args ...any) {
	fmt.Fprintf(&c.steps, "    - "+format+"\n", args...)
}

// transfer moves data of its own from a to b by the two calls.
func (c *conversation) transfer(a, b, send, recv, more string) {
	data := fmt.Sprintf("data-%03d", len(c.sent))
	switch send {
	case "sendmmsg":
		c.step("{sendmmsg: %s, messages: [{data: %s}]%s}", a, data, more)
	default:
		c.step("{send: %s, call: %s, data: %s%s}", a, send, data, more)
	}
	switch recv {
	case "recvmmsg":
		c.step("{recvmmsg: %s, count: 1, expect: [%s]%s}", b, data, more)
	case "readv":
		c.step("{recv: %s, call: readv, buffers: [8, 1], expect: %s%s}", b, data, more)
	default:
		c.step("{recv: %s, call: %s, max: 9, expect: %s%s}", b, recv, data, more)
	}
	result := len(data)
	if send == "sendmmsg" {
		result = 1
	}
	c.sent = append(c.sent, traced{send, data, nil, result})
	if result = len(data); recv == "recvmmsg" {
		result = 1
	}
	c.got = append(c.got, traced{recv, data, nil, result})
}

// everyCall uses each form of send and recv on each kind of descriptor.
func everyCall() *conversation {
	c := new(conversation)
	sends := []string{"write", "send", "sendto", "writev", "sendmsg", "sendmmsg"}
	recvs := []string{"read", "recv", "recvfrom", "readv", "recvmsg", "recvmmsg"}
	for i, kind := range []string{"unix", "unixgram", "unixpacket"} {
		for _, blocking := range []bool{false, true} {
			a, b := fmt.Sprintf("a%d%v", i, blocking), fmt.Sprintf("b%d%v", i, blocking)
			c.step("{socketpair: %s, blocking: %v, as: [%s, %s]}", kind, blocking, a, b)
			for j := range sends {
				c.transfer(a, b, sends[j], recvs[j], "")
				c.transfer(b, a, sends[j], recvs[j], ", nowait: true")
			}
		}
	}
	for _, blocking := range []bool{false, true} {
		l, a, b := fmt.Sprintf("l%v", blocking), fmt.Sprintf("c%v", blocking), fmt.Sprintf("d%v", blocking)
		c.step("{socket: tcp, blocking: %v, as: %s}", blocking, l)
		c.step("listen: %s", l)
		c.step("{socket: tcp, blocking: %v, as: %s}", blocking, a)
		c.step("{connect: %s, to: %s}", a, l)
		c.step("{accept: %s, as: %s}", l, b)
		for j := range sends[:5] {
			c.transfer(a, b, sends[j], recvs[j], "")
		}
	}
	return c
}

// withFlags uses flags, each of which must reach the kernel.
func withFlags() *conversation {
	c := new(conversation)
	c.step("{socketpair: unix, as: [a, b]}")
	for i, flags := range [][]string{{"MSG_MORE"}, {"MSG_EOR"}, {"MSG_CONFIRM", "MSG_DONTROUTE"}} {
		for j, call := range []string{"send", "sendmsg"} {
			data := fmt.Sprintf("flag-%d%d", i, j)
			c.step("{send: a, call: %s, data: %s, flags: [%s]}", call, data, strings.Join(flags, ", "))
			c.step("{recv: b, expect: %s}", data)
			c.sent = append(c.sent, traced{call, data, flags, len(data)})
		}
	}
	for i, flags := range [][]string{{"MSG_WAITALL"}, {"MSG_TRUNC"}, {"MSG_WAITALL", "MSG_TRUNC"}} {
		for j, call := range []string{"recv", "recvfrom", "recvmsg"} {
			data := fmt.Sprintf("flag-%d%d", i+5, j)
			c.step("{send: a, data: %s}", data)
			c.step("{recv: b, call: %s, max: 7, flags: [%s], expect: %s}", call, strings.Join(flags, ", "), data)
			c.got = append(c.got, traced{call, data, flags, len(data)})
		}
	}
	return c
}

// The call that the transcript shows is the one that strace shows, once, with
// its flags and its result.
func TestCallsUnderStrace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*conversation{"calls": everyCall(), "flags": withFlags()} {
		t.Run(name, func(t *testing.T) {
			transcript, lines := underStrace(t, "# so that strace cuts the text of the file before its data\nactors:\n  one:\n"+c.steps.String())
			for _, x := range c.sent {
				x.check(t, lines, transcript, false)
			}
			for _, x := range c.got {
				x.check(t, lines, transcript, true)
			}
		})
	}
}

// Calls that are neither sends nor receives, with unusual values.
func TestOtherCallsUnderStrace(t *testing.T) {
	t.Parallel()
	_, lines := underStrace(t, `actors:
  one:
    - {socket: {family: AF_INET, type: SOCK_STREAM, protocol: IPPROTO_TCP}, as: l}
    - {listen: l, backlog: 7}
    - {socket: tcp, as: c}
    - {connect: c, to: l}
    - {accept: l, as: a}
    - {setsockopt: c, option: SO_LINGER, value: {onoff: 5, linger: -3}}
    - {setsockopt: c, option: SO_KEEPALIVE, value: -2}
    - {setsockopt: c, option: {level: 2147483647, name: 7}, value: {hex: "01"}, expect: {error: ENOPROTOOPT}}
    - {setsockopt: c, option: SO_PRIORITY, value: {zeros: 0}, expect: {error: EINVAL}}
    - {getsockopt: c, option: SO_RCVBUF, size: 2, mask: true}
    - {ioctl: c, request: FIONREAD}
    - {shutdown: c, how: write}
    - {getpeername: a}
    - {close: a}
`)
	for _, want := range []string{
		`^socket\(AF_INET, SOCK_STREAM\|SOCK_CLOEXEC\|SOCK_NONBLOCK, IPPROTO_TCP\)`,
		`^listen\(\d+, 7\) = 0`,
		`^connect\(\d+, .*sin_addr=inet_addr\("127.0.0.1"\)`,
		`^accept4\(\d+, .*SOCK_CLOEXEC\|SOCK_NONBLOCK\) = \d+`,
		`^setsockopt\(\d+, SOL_SOCKET, SO_LINGER, \{l_onoff=5, l_linger=-3\}, 8\) = 0`,
		`^setsockopt\(\d+, SOL_SOCKET, SO_KEEPALIVE, \[-2\], 4\) = 0`,
		`^setsockopt\(\d+, 0x7fffffff.*, .*7.*, "\\1", 1\) = -1 ENOPROTOOPT`,
		`^setsockopt\(\d+, SOL_SOCKET, SO_PRIORITY, .*, 0\) = -1 EINVAL`,
		`^getsockopt\(\d+, SOL_SOCKET, SO_RCVBUF, .*\[2\]\) = 0`,
		`^ioctl\(\d+, FIONREAD, \[0\]\) = 0`,
		`^shutdown\(\d+, SHUT_WR\) = 0`,
	} {
		pattern := regexp.MustCompile(want)
		if !slices.ContainsFunc(lines, pattern.MatchString) {
			t.Errorf("no line %s in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// A conversation in which no call has to wait takes no system calls but its
// own, one look at each address that the kernel chose, and for the connect,
// which does not wait, a second one that says how it went.
func TestNoNeedlessSystemCalls(t *testing.T) {
	t.Parallel()
	_, lines := underStrace(t, `actors:
  one:
    - repeat: 2
      steps:
        - {socket: tcp, as: l}
        - {bind: l, to: 127.0.0.1:0}
        - {listen: l}
        - {socket: tcp, as: c}
        - {connect: c, to: l}
        - {accept: l, as: a}
        - {send: c, data: hello}
        - {recv: a, expect: hello}
        - {close: [a, c, l]}
`)
	// The first round also learns what holds for the whole process.
	const socketsOfARound, closesOfARound = 2, 3
	sockets, closes := 0, 0
	var got []string
	for _, line := range lines {
		call, _, _ := strings.Cut(line, "(")
		if call == "socket" {
			sockets++
		}
		if sockets <= socketsOfARound || closes == closesOfARound {
			continue
		}
		got = append(got, call)
		if call == "close" {
			closes++
		}
	}
	want := "socket bind getsockname listen socket connect connect getsockname getpeername accept4 getsockname " +
		"sendto recvfrom close close close"
	if strings.Join(got, " ") != want {
		t.Errorf("the calls are\n%s\nwant\n%s\nof\n%s", strings.Join(got, " "), want, strings.Join(lines, "\n"))
	}
}

// check finds the lines that show the data, which a call gets where gets is set
// and else gives.
func (x traced) check(t *testing.T, lines []string, transcript string, gets bool) {
	t.Helper()
	var found []string
	for _, line := range lines {
		receives := strings.HasPrefix(line, "re")
		if strings.Contains(line, `"`+x.data+`"`) && receives == gets {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Errorf("%s of %s is %d calls:\n%s", x.call, x.data, len(found), strings.Join(found, "\n"))
		return
	}
	call, _, _ := strings.Cut(found[0], "(")
	want := x.call
	if kernel, ok := kernelCalls[want]; ok {
		want = kernel
	}
	if call != want || !slices.Equal(flagsOf(found[0], gets), x.flags) || !strings.Contains(found[0], fmt.Sprintf(" = %d", x.result)) {
		t.Errorf("%s of %s with %q is\n%s", x.call, x.data, x.flags, found[0])
	}
	shown := regexp.MustCompile(`(?m)^one  ` + x.call + `\(.*"` + x.data + `"`)
	if !shown.MatchString(transcript) {
		t.Errorf("the transcript shows no %s of %s", x.call, x.data)
	}
}

// flagsOf are the flags of a line but for those that each call has: it must not
// end the process, not wait where the poller does, and keep what it receives
// from programs.
func flagsOf(line string, gets bool) []string {
	if at := strings.LastIndex(line, "msg_flags="); at >= 0 {
		line = line[at+strings.IndexAny(line[at:], "}"):] // the flags that came back
	}
	var flags []string
	for _, flag := range regexp.MustCompile(`MSG_[A-Z_]+`).FindAllString(line, -1) {
		if !slices.Contains([]string{"MSG_NOSIGNAL", "MSG_DONTWAIT", "MSG_CMSG_CLOEXEC"}, flag) {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	if gets { // strace has them in the order of their bits
		slices.SortFunc(flags, func(a, b string) int { return -strings.Compare(a, b) })
	}
	return flags
}

// needsStrace skips a test where strace can trace nothing.
func needsStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "true").CombinedOutput(); err != nil {
		ci.Lacks(t, fmt.Sprintf("strace cannot trace here: %v %s", err, bytes.TrimSpace(out)))
	}
}

// underStrace runs a scenario that passes, and returns its transcript and the
// system calls, each as one line.
func underStrace(t *testing.T, scenario string) (transcript string, lines []string) {
	t.Helper()
	needsStrace(t)
	dir := t.TempDir()
	file, trace := filepath.Join(dir, "traced.yaml"), filepath.Join(dir, "trace")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("strace", "-f", "-qq", "-s", "40", "-o", trace, "-e", "signal=none",
		"-e", "trace=%network,read,readv,write,writev,ioctl,fcntl,epoll_ctl,close", "sockscript", "run", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), joined(string(text))
}

// joined are strace's lines without the process ids; a call that another one
// interrupted in the output is put together again.
func joined(text string) []string {
	var lines []string
	begun := make(map[string]string)
	resumed := regexp.MustCompile(`^<\.\.\. \w+ resumed>`)
	for line := range strings.Lines(text) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if head, cut := strings.CutSuffix(call, " <unfinished ...>"); cut {
			begun[pid] = head
			continue
		}
		if rest := resumed.FindStringIndex(call); rest != nil {
			call = begun[pid] + call[rest[1]:]
		}
		lines = append(lines, regexp.MustCompile(`\) += `).ReplaceAllString(call, ") = "))
	}
	return lines
}
