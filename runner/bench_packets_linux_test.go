package runner_test

import (
	"runtime"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// BenchmarkPacketScripts plays the far end of a connection from its SYN to its
// FIN, in a fresh network each time, eight scripts at once. The figures are how
// many scripts pass in a second, and the processor time of one, which a busy
// machine changes less.
func BenchmarkPacketScripts(b *testing.B) {
	needsNetns(b)
	s := load(b, `
network: private
actors:
  one:
    - {peer: tcp, as: p}
    - {socket: tcp, as: listener}
    - {bind: listener, to: "${p.local}:8080"}
    - listen: listener
    - {inject: p, packet: "S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>"}
    - {segment: p, expect: "S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale any>"}
    - {inject: p, packet: ". 1:1(0) ack 1 win 257"}
    - {accept: listener, as: conn}
    - {inject: p, packet: "P. 1:6(5) ack 1 win 257", data: hello}
    - {segment: p, expect: ". 1:1(0) ack 6"}
    - {recv: conn, expect: hello}
    - {inject: p, packet: "F. 6:6(0) ack 1 win 257"}
    - {segment: p, expect: ". 1:1(0) ack 7"}
    - {recv: conn, expect: {eof: true}}
`)
	used := processorTime()
	b.SetParallelism((7 + runtime.GOMAXPROCS(0)) / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r := runner.Run(b.Context(), s, runner.Options{}); r.Status != history.Passed {
				b.Errorf("the run is %s", r.Status)
				return
			}
		}
	})
	b.ReportMetric(float64((processorTime()-used).Microseconds())/float64(b.N), "cpu-µs/script")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scripts/s")
}
