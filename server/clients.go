package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the networks of the proxies in front of the server, whose word on who asks is believed.
type proxies []netip.Prefix

// ParseProxies reads addresses (10.0.0.1) and networks (10.0.0.0/8) of proxies. An empty list is this machine alone.
func ParseProxies(list []string) ([]netip.Prefix, error) {
	if len(list) == 0 {
		list = []string{"127.0.0.0/8", "::1"}
	}
	var all []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q 不是地址或网段；请写成 10.0.0.1 或 10.0.0.0/8", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

func (p proxies) trusted(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// claims are the headers in which a proxy says what it saw.
var claims = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-Ip"}

// settle makes RemoteAddr the address of the client itself: the last one in X-Forwarded-For that no trusted proxy has.
// What stands before it was written by the client, who may write what he likes. Who is no trusted proxy is the client,
// and what he says of himself is dropped, so that nothing behind this reads it.
func (p proxies) settle(r *http.Request) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trusted(peer.Addr().Unmap()) {
		for _, name := range claims {
			r.Header.Del(name)
		}
		return
	}
	client := peer.Addr().Unmap()
	seen := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(seen) - 1; i >= 0 && p.trusted(client); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(seen[i]))
		if err != nil {
			break
		}
		client = addr.Unmap()
	}
	r.RemoteAddr = netip.AddrPortFrom(client, peer.Port()).String()
}

// network is what an address is counted by: itself, or for IPv6 its network, since one machine has as many as it likes.
func network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		return addr.String()
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return p.String()
}
