package exposition

import (
	"math"
	"strings"
	"testing"
)

func sample() []*Family {
	return []*Family{
		{Name: "a_total", Help: "with \\ and\nlines and \"quotes\"", Type: Counter, Series: []*Series{
			{Labels: []string{"gate", "a\"b\\c\nd\xffé"}, Value: 1<<53 + 1}, {Labels: []string{"gate", "other"}, Value: math.MaxInt64},
		}},
		{Name: "no_series", Help: "is left out", Type: Gauge},
		{Name: "d_seconds", Help: "times", Type: Histogram, Unit: "seconds", Bounds: []int64{2_500_000, 1_000_000_000}, Series: []*Series{
			{Buckets: []int64{1, 0, 2}, Sum: 1_500_000_000}, {Labels: []string{"part", "x"}, Buckets: []int64{0, 0, 0}},
		}},
		{Name: "s_seconds", Help: "both ways", Type: Histogram, Unit: "seconds", Bounds: []int64{-1_000_000_000, 0}, Series: []*Series{{Buckets: []int64{1, 0, 0}, Sum: -5, Signed: true}}},
		{Name: "g_bytes", Help: "a size", Type: Gauge, Unit: "bytes", Series: []*Series{{Value: 12}}},
	}
}

const text = `# HELP a_total with \\ and\nlines and "quotes"
# TYPE a_total counter
a_total{gate="a\"b\\c\nd�é"} 9007199254740993
a_total{gate="other"} 9223372036854775807
# HELP d_seconds times
# TYPE d_seconds histogram
d_seconds_bucket{le="0.0025"} 1
d_seconds_bucket{le="1"} 1
d_seconds_bucket{le="+Inf"} 3
d_seconds_sum 1.5
d_seconds_count 3
d_seconds_bucket{part="x",le="0.0025"} 0
d_seconds_bucket{part="x",le="1"} 0
d_seconds_bucket{part="x",le="+Inf"} 0
d_seconds_sum{part="x"} 0
d_seconds_count{part="x"} 0
# HELP s_seconds both ways
# TYPE s_seconds histogram
s_seconds_bucket{le="-1"} 1
s_seconds_bucket{le="0"} 1
s_seconds_bucket{le="+Inf"} 1
s_seconds_count 1
# HELP g_bytes a size
# TYPE g_bytes gauge
g_bytes 12
`

// Both formats, twice: what is kept of a text makes no difference.
func TestText(t *testing.T) {
	families := sample()
	open := strings.NewReplacer(
		"# HELP a_total", "# HELP a", "# TYPE a_total", "# TYPE a", `"quotes"`, `\"quotes\"`,
		"# TYPE d_seconds histogram\n", "# TYPE d_seconds histogram\n# UNIT d_seconds seconds\n",
		"# TYPE s_seconds histogram\n", "# TYPE s_seconds histogram\n# UNIT s_seconds seconds\n",
		"# TYPE g_bytes gauge\n", "# TYPE g_bytes gauge\n# UNIT g_bytes bytes\n",
		`le="1"`, `le="1.0"`, `le="-1"`, `le="-1.0"`, `le="0"`, `le="0.0"`,
	).Replace(text) + "# EOF\n"
	for i := 0; i < 2; i++ {
		if got := string(Text(families, false)); got != text {
			t.Errorf("the text format:\n%s\nwant\n%s", got, text)
		}
		if got := string(Text(families, true)); got != open {
			t.Errorf("OpenMetrics:\n%s\nwant\n%s", got, open)
		}
	}
}

func TestWantsOpen(t *testing.T) {
	for accept, want := range map[string]bool{
		"":    false,
		"*/*": false,
		"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1":                                 true, // Prometheus 3
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4":     true, // 2.42
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4": false,
		"application/openmetrics-text":                      true,
		"application/openmetrics-text;version=2.0.0":        false,
		"application/openmetrics-text;version=0.0.1":        false,
		"application/openmetrics-text;q=0":                  false,
		"application/openmetrics-text;q=nonsense":           false,
		"application/openmetrics-text;q=0.1,text/plain;q=1": false,
		"APPLICATION/OpenMetrics-Text; version=\"1.0.0\"":   true,
		";;;,,q=,=": false,
	} {
		if WantsOpen(accept) != want {
			t.Errorf("%q: %t", accept, !want)
		}
	}
}
