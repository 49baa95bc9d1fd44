package lab

import (
	"fmt"

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

// startQuerier makes a bridge ask for members. It trusts its own answers only
// after the time that members have to answer, which is 10 seconds by itself,
// and must have been shortened before: in one request the kernel would take the
// long one.
func startQuerier(index int) error {
	const centiseconds = 10
	err := setBridge(index, nl.NewRtAttr(nl.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, nl.Uint64Attr(centiseconds)))
	if err != nil {
		return err
	}
	return setBridge(index, nl.NewRtAttr(nl.IFLA_BR_MCAST_QUERIER, []byte{1}))
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
