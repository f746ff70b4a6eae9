// GoBGP's decoder on messages from standard input, one JSON object to a line; the answers likewise.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/osrg/gobgp/v3/pkg/packet/bgp"
)

type question struct {
	Hex         string   `json:"hex"`
	FourOctetAs bool     `json:"fourOctetAs"`
	External    bool     `json:"external"`
	AddPath     []string `json:"addPath"`
}

type words map[string]interface{}

type answer struct {
	Verdict string `json:"verdict"`
	Detail  string `json:"detail,omitempty"`
	Values  words  `json:"values,omitempty"`
}

var families = map[string]bgp.RouteFamily{
	"ipv4-unicast":   bgp.RF_IPv4_UC,
	"ipv6-unicast":   bgp.RF_IPv6_UC,
	"ipv4-multicast": bgp.RF_IPv4_MC,
	"ipv6-multicast": bgp.RF_IPv6_MC,
}

// Sixteen octets in groups of four digits: the text of net.IP takes some for IPv4.
func address(ip net.IP, octets int) string {
	if octets == 4 {
		if ip.To4() == nil {
			return ip.String()
		}
		return ip.To4().String()
	}
	groups := []string{}
	for i := 0; i+1 < len(ip); i += 2 {
		groups = append(groups, fmt.Sprintf("%x%02x", ip[i], ip[i+1]))
	}
	return strings.Join(groups, ":")
}

func prefix(nlri bgp.AddrPrefixInterface, addPath bool) string {
	suffix := ""
	if addPath {
		suffix = fmt.Sprintf("#%d", nlri.PathIdentifier())
	}
	switch p := nlri.(type) {
	case *bgp.IPAddrPrefix:
		return fmt.Sprintf("%s/%d%s", address(p.Prefix, 4), p.Length, suffix)
	case *bgp.IPv6AddrPrefix:
		return fmt.Sprintf("%s/%d%s", address(p.Prefix, 16), p.Length, suffix)
	}
	return nlri.String()
}

func prefixes[item bgp.AddrPrefixInterface](list []item, addPath bool) []string {
	result := []string{}
	for _, each := range list {
		result = append(result, prefix(each, addPath))
	}
	return result
}

func path(list []bgp.AsPathParamInterface) []string {
	result := []string{}
	for _, segment := range list {
		as := []string{}
		for _, each := range segment.GetAS() {
			as = append(as, fmt.Sprint(each))
		}
		result = append(result, fmt.Sprintf("%d:%s", segment.GetType(), strings.Join(as, " ")))
	}
	return result
}

func opened(m *bgp.BGPOpen) words {
	codes := []int{}
	var four interface{}
	for _, parameter := range m.OptParams {
		if p, ok := parameter.(*bgp.OptionParameterCapability); ok {
			for _, c := range p.Capability {
				codes = append(codes, int(c.Code()))
				if as, ok := c.(*bgp.CapFourOctetASNumber); ok && four == nil {
					four = as.CapValue
				}
			}
		}
	}
	return words{"type": "open", "version": m.Version, "as": m.MyAS, "holdTime": m.HoldTime, "id": m.ID.String(),
		"codes": codes, "fourOctetAs": four}
}

func updated(m *bgp.BGPUpdate, addPath map[bgp.RouteFamily]bgp.BGPAddPathMode) words {
	_, plain := addPath[bgp.RF_IPv4_UC]
	values := words{"type": "update", "withdrawn": prefixes(m.WithdrawnRoutes, plain), "announced": prefixes(m.NLRI, plain)}
	for _, key := range []string{"unreachFamily", "unreach", "reachFamily", "reach", "reachNextHop", "origin", "asPath",
		"nextHop", "med", "localPref", "atomicAggregate", "aggregator", "originatorId", "clusterList", "communities", "largeCommunities"} {
		values[key] = nil
	}
	for _, attribute := range m.PathAttributes {
		switch a := attribute.(type) {
		case *bgp.PathAttributeOrigin:
			values["origin"] = a.Value
		case *bgp.PathAttributeAsPath:
			values["asPath"] = path(a.Value)
		case *bgp.PathAttributeNextHop:
			values["nextHop"] = address(a.Value, 4)
		case *bgp.PathAttributeMultiExitDisc:
			values["med"] = a.Value
		case *bgp.PathAttributeLocalPref:
			values["localPref"] = a.Value
		case *bgp.PathAttributeAtomicAggregate:
			values["atomicAggregate"] = 1
		case *bgp.PathAttributeAggregator:
			values["aggregator"] = fmt.Sprintf("%d %s", a.Value.AS, address(a.Value.Address, 4))
		case *bgp.PathAttributeOriginatorId:
			values["originatorId"] = address(a.Value, 4)
		case *bgp.PathAttributeClusterList:
			list := []string{}
			for _, each := range a.Value {
				list = append(list, address(each, 4))
			}
			values["clusterList"] = list
		case *bgp.PathAttributeCommunities:
			list := []string{}
			for _, each := range a.Value {
				list = append(list, fmt.Sprintf("%d:%d", each>>16, each&0xffff))
			}
			values["communities"] = list
		case *bgp.PathAttributeLargeCommunities:
			list := []string{}
			for _, each := range a.Values {
				list = append(list, fmt.Sprintf("%d:%d:%d", each.ASN, each.LocalData1, each.LocalData2))
			}
			values["largeCommunities"] = list
		case *bgp.PathAttributeMpUnreachNLRI:
			_, ids := addPath[bgp.AfiSafiToRouteFamily(a.AFI, a.SAFI)]
			values["unreachFamily"] = fmt.Sprintf("%d/%d", a.AFI, a.SAFI)
			if a.AFI <= 2 && a.SAFI <= 2 {
				values["unreach"] = prefixes(a.Value, ids)
			}
		case *bgp.PathAttributeMpReachNLRI:
			_, ids := addPath[bgp.AfiSafiToRouteFamily(a.AFI, a.SAFI)]
			values["reachFamily"] = fmt.Sprintf("%d/%d", a.AFI, a.SAFI)
			if a.AFI <= 2 && a.SAFI <= 2 {
				values["reach"] = prefixes(a.Value, ids)
				hops := []string{}
				for _, hop := range []net.IP{a.Nexthop, a.LinkLocalNexthop} {
					if len(hop) > 0 {
						hops = append(hops, address(hop, len(hop)))
					}
				}
				values["reachNextHop"] = hops
			}
		}
	}
	return values
}

func judge(q question) (a answer) {
	defer func() {
		if fault := recover(); fault != nil {
			a = answer{Verdict: "refuses", Detail: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	bytes, err := hex.DecodeString(q.Hex)
	if err != nil {
		panic(err)
	}
	addPath := map[bgp.RouteFamily]bgp.BGPAddPathMode{}
	for _, family := range q.AddPath {
		addPath[families[family]] = bgp.BGP_ADD_PATH_RECEIVE
	}
	message, err := bgp.ParseBGPMessage(bytes, &bgp.MarshallingOption{AddPath: addPath})
	verdict := answer{Verdict: "accepts"}
	weigh := func(err error) {
		fault, ok := err.(*bgp.MessageError)
		if !ok {
			verdict = answer{Verdict: "refuses", Detail: err.Error()}
			return
		}
		detail := fmt.Sprintf("%d/%d %s", fault.TypeCode, fault.SubTypeCode, fault.Message)
		switch fault.ErrorHandling {
		case bgp.ERROR_HANDLING_NONE, bgp.ERROR_HANDLING_ATTRIBUTE_DISCARD:
			verdict.Detail = detail
		case bgp.ERROR_HANDLING_TREAT_AS_WITHDRAW:
			verdict = answer{Verdict: "withdraws", Detail: detail}
		default:
			verdict = answer{Verdict: "refuses", Detail: detail}
		}
	}
	if err != nil {
		weigh(err)
	}
	if message == nil || verdict.Verdict == "refuses" {
		if message == nil && err != nil {
			verdict = answer{Verdict: "refuses", Detail: err.Error()}
		}
		return verdict
	}
	switch m := message.Body.(type) {
	case *bgp.BGPOpen:
		if _, err := bgp.ValidateOpenMsg(m, 0, 0, net.IPv4(0, 0, 0, 1)); err != nil {
			weigh(err)
		}
		verdict.Values = opened(m)
	case *bgp.BGPUpdate:
		known := map[bgp.RouteFamily]bgp.BGPAddPathMode{}
		for _, family := range families {
			known[family] = addPath[family]
		}
		if ok, err := bgp.ValidateUpdateMsg(m, known, q.External, false); !ok {
			weigh(err)
		}
		verdict.Values = updated(m, addPath)
	case *bgp.BGPNotification:
		verdict.Values = words{"type": "notification", "code": m.ErrorCode, "subcode": m.ErrorSubcode,
			"data": hex.EncodeToString(m.Data)}
	case *bgp.BGPKeepAlive:
		verdict.Values = words{"type": "keepalive"}
	case *bgp.BGPRouteRefresh:
		verdict.Values = words{"type": "route-refresh", "afi": m.AFI, "safi": m.SAFI, "subtype": m.Demarcation}
	}
	return verdict
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		q := question{}
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		if err := out.Encode(judge(q)); err != nil {
			panic(err)
		}
	}
}
