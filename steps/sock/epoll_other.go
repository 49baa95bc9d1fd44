//go:build !linux

package sock

import (
	"errors"
	"runtime"
)

// The operations of [Socket.EpollCtl].
const (
	EpollAdd = iota + 1
	EpollRemove
	EpollModify
)

// An EpollEvent is what epoll_wait(2) gives of one watched descriptor.
type EpollEvent struct {
	Events uint32
	Key    int32
}

var errNoEpoll = errors.New("epoll is not there on " + runtime.GOOS)

// OpenEpoll fails: only Linux has epoll.
func (g *Group) OpenEpoll(int) (*Socket, error) { return nil, errNoEpoll }

// EpollCtl fails: only Linux has epoll.
func (s *Socket) EpollCtl(int, *Socket, uint32, int32) error { return errNoEpoll }

// EpollWait fails: only Linux has epoll.
func (s *Socket) EpollWait(Wait, int) ([]EpollEvent, error) { return nil, errNoEpoll }

// Unread is not known.
func (s *Socket) Unread() int64 { return 0 }

var epollOnly = []constant{
	{"EPOLLET", -1 << 31},
	{"EPOLLONESHOT", 1 << 30},
	{"EPOLLWAKEUP", 1 << 29},
	{"EPOLLEXCLUSIVE", 1 << 28},
}
