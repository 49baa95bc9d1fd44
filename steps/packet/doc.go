// Package packet is the one codec for frames, packets and segments: between
// their bytes and their fields, and between their fields and their text. It
// knows no socket and no scenario.
//
// The text is packetdrill's:
//
//	packet  = [ ">" | "<" ] [ "[" ip { "," ip } "]" ]
//	          ( tcp | udp | icmp | arp | igmp )
//	ip      = "noecn" | "ect0" | "ect1" | "ce" | "ttl" number
//	tcp     = [ flags ] [ span ] [ "ack" number ] [ "win" number ]
//	          [ "urg" number ] [ "<" [ option { "," option } ] ">" ]
//	flags   = one or more of S F R P U E W A and "." (ACK), or "-" for none
//	span    = number ":" number [ "(" number ")" ] | "(" number ")"
//	option  = "mss" number | "wscale" number
//	        | "sackOK" | "sack" { number ":" number }
//	        | "TS" "val" number "ecr" number | "FO" [ hex | "any" ]
//	        | "nop" | "eol" | "opt" kind [ hex | "any" ] | "bad" hex | "..."
//	udp     = "udp" [ "(" number ")" ]
//	icmp    = "icmp" type [ code ] [ "mtu" number ] [ "id" number ]
//	          [ "seq" number ] [ "(" number ")" ] [ "[" quoted "]" ]
//	quoted  = tcp | udp | icmp | igmp
//	arp     = "arp" "who-has" address "tell" address
//	        | "arp" address "is-at" address
//	igmp    = "igmp" version ( "query" [ address ] | group { "," group } )
//	group   = ( "report" | "leave" ) address
//	number  = digits | digits ".." digits | "any"
//
// Sequence numbers are relative: those of each side count from its SYN, which
// has number 0. What a text leaves out is not compared with a packet.
package packet
