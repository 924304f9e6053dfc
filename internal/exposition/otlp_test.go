package exposition

import (
	"encoding/json"
	"testing"
	"time"
)

const otlp = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hookward"}}]},"scopeMetrics":[{"scope":{"name":"hookward"},"metrics":[` +
	`{"name":"a","description":"with \\ and\nlines and \"quotes\"","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[` +
	`{"attributes":[{"key":"gate","value":{"stringValue":"a\"b\\c\nd\ufffdé"}}],"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000","asInt":"9007199254740993"},` +
	`{"attributes":[{"key":"gate","value":{"stringValue":"other"}}],"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000","asInt":"9223372036854775807"}]}},` +
	`{"name":"d","description":"times","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[` +
	`{"attributes":[],"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000","bucketCounts":["1","0","2"],"explicitBounds":[0.0025,1],"count":"3","sum":1.5},` +
	`{"attributes":[{"key":"part","value":{"stringValue":"x"}}],"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000","bucketCounts":["0","0","0"],"explicitBounds":[0.0025,1],"count":"0","sum":0}]}},` +
	`{"name":"s","description":"both ways","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[` +
	`{"attributes":[],"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000","bucketCounts":["1","0","0"],"explicitBounds":[-1,0],"count":"1"}]}},` +
	`{"name":"g","description":"a size","unit":"By","gauge":{"dataPoints":[{"attributes":[],"timeUnixNano":"2000000000","asInt":"12"}]}},` +
	`{"name":"t","description":"a time","unit":"s","gauge":{"dataPoints":[{"attributes":[],"timeUnixNano":"2000000000","asDouble":1.5}]}}` +
	`]}]}]}`

func TestOTLP(t *testing.T) {
	families := append(sample(), &Family{Name: "t_seconds", Help: "a time", Type: Gauge, Unit: "seconds", Series: []*Series{{Value: 1_500_000_000}}})
	for i := 0; i < 2; i++ {
		got := OTLP(families, []string{"service.name", "hookward"}, time.Unix(1, 0), time.Unix(2, 0))
		if string(got) != otlp || !json.Valid(got) {
			t.Errorf("got\n%s\nwant\n%s", got, otlp)
		}
	}
}
