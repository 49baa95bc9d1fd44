package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// testServer is the program testserver, which scripts have as a server and a
// client under test:
//
//	testserver ADDRESS      echo what comes in on each TCP connection there
//	testserver              the same on a listening socket that is handed over
//	testserver dial HOST PORT TEXT
//	                        connect, and close again
//	testserver udp ADDRESS  echo each datagram that comes in there
func testServer() {
	if err := serveTest(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "testserver:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveTest(args []string) error {
	if len(args) > 0 && args[0] == "dial" {
		c, err := net.Dial("tcp", net.JoinHostPort(args[1], args[2]))
		if err != nil {
			return err
		}
		fmt.Println(strings.Join(args[3:], " "), c.LocalAddr())
		return c.Close()
	}
	if len(args) > 0 && args[0] == "udp" {
		return echoDatagrams(args[1])
	}
	l, err := testListener(args)
	if err != nil {
		return err
	}
	fmt.Println("listening on port", l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

func echoDatagrams(address string) error {
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		if _, err := c.WriteTo(buf[:n], from); err != nil {
			return err
		}
	}
}

func testListener(args []string) (net.Listener, error) {
	if len(args) > 0 {
		return net.Listen("tcp", args[0])
	}
	if os.Getenv("LISTEN_PID") != fmt.Sprint(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
		return nil, fmt.Errorf("no socket was handed over: %v", os.Environ())
	}
	return net.FileListener(os.NewFile(3, "handed"))
}
