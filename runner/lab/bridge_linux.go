package lab

import (
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// makeBridge makes a bridge in the network of the calling thread and returns
// its index.
func makeBridge(p LinkPlan) (int, error) {
	a := netlink.NewLinkAttrs()
	bridges, err := netlink.LinkList()
	if err != nil {
		return 0, err
	}
	a.Name = fmt.Sprintf("bridge%d", len(bridges))
	bridge := &netlink.Bridge{LinkAttrs: a, MulticastSnooping: &p.Snooping}
	if err := netlink.LinkAdd(bridge); err != nil {
		return 0, err
	}
	index := bridge.Attrs().Index
	// A new port forwards at once, and does not learn for 15 seconds first.
	err = setBridge(index, nl.NewRtAttr(nl.IFLA_BR_FORWARD_DELAY, nl.Uint32Attr(0)))
	if err == nil && p.Querier {
		err = startQuerier(index)
	}
	if err == nil {
		err = netlink.LinkSetUp(bridge)
	}
	return index, err
}

// trust is how long a bridge may still flood after startQuerier: more than a
// tick of the kernel's clock.
const trust = 20 * time.Millisecond

// startQuerier makes a bridge that is down ask for members. A bridge believes
// that it knows the members once they have had the time to answer, which is 10
// seconds by itself; until then it floods. So that time is nothing first: no
// interface is there yet. It is changed by requests of their own, since in one
// request the kernel would switch the querier on before.
func startQuerier(index int) error {
	const toAnswer = 10 // centiseconds
	for _, a := range []*nl.RtAttr{
		nl.NewRtAttr(nl.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, nl.Uint64Attr(0)),
		nl.NewRtAttr(nl.IFLA_BR_MCAST_QUERIER, []byte{1}),
		nl.NewRtAttr(nl.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, nl.Uint64Attr(toAnswer)),
	} {
		if err := setBridge(index, a); err != nil {
			return err
		}
	}
	return nil
}

// setBridge sets an attribute of a bridge.
func setBridge(index int, attribute *nl.RtAttr) error {
	request := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(index)
	request.AddData(message)
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("bridge"))
	info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddChild(attribute)
	request.AddData(info)
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
