package exposition

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// OTLP writes families as an ExportMetricsServiceRequest in JSON, see
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. All numbers are since
// start, which tells the receiver of a restart. Names lose their unit and _total, which
// stand elsewhere there; a translation to Prometheus puts them back.
func OTLP(families []*Family, resource []string, start, now time.Time) []byte {
	moment := `"timeUnixNano":"` + strconv.FormatInt(now.UnixNano(), 10) + `"`
	since := `"startTimeUnixNano":"` + strconv.FormatInt(start.UnixNano(), 10) + `",` + moment
	b := append(make([]byte, 0, 64<<10), `{"resourceMetrics":[{"resource":{"attributes":`+attributesOf(resource)+`},"scopeMetrics":[{"scope":{"name":"hookward"},"metrics":[`...)
	first := true
	for _, f := range families {
		if len(f.Series) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, `{"name":`+quote(nameInOTLP(f))+`,"description":`+quote(f.Help)...)
		if unitsInOTLP[f.Unit] != "" {
			b = append(b, `,"unit":"`+unitsInOTLP[f.Unit]+`"`...)
		}
		b = append(b, dataInOTLP[f.Type]...)
		for i, s := range f.Series {
			if i > 0 {
				b = append(b, ',')
			}
			if s.attributes == "" {
				s.attributes = `{"attributes":` + attributesOf(s.Labels) + `,`
			}
			b = append(b, s.attributes...)
			if f.Type == Gauge {
				b = append(b, moment...)
			} else {
				b = append(b, since...)
			}
			b = appendValue(b, f, s)
		}
		b = append(b, "]}}"...)
	}
	return append(b, "]}]}]}"...)
}

var (
	unitsInOTLP = map[string]string{"seconds": "s", "bytes": "By"}
	// Temporality 2 is cumulative.
	dataInOTLP = map[string]string{
		Gauge:     `,"gauge":{"dataPoints":[`,
		Counter:   `,"sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[`,
		Histogram: `,"histogram":{"aggregationTemporality":2,"dataPoints":[`,
	}
)

func nameInOTLP(f *Family) string {
	name := strings.TrimSuffix(f.Name, "_total")
	if f.Unit != "" {
		name = strings.TrimSuffix(name, "_"+f.Unit)
	}
	return name
}

// appendValue writes what a data point says. Integers of 64 bits are texts in this JSON.
func appendValue(b []byte, f *Family, s *Series) []byte {
	if f.Type != Histogram {
		if f.Unit == "seconds" {
			b = append(b, `,"asDouble":`...)
			b = appendNumber(b, f.Unit, s.Value)
			return append(b, '}')
		}
		b = append(b, `,"asInt":"`...)
		b = strconv.AppendInt(b, s.Value, 10)
		return append(b, `"}`...)
	}
	count := int64(0)
	b = append(b, `,"bucketCounts":[`...)
	for i, n := range s.Buckets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = strconv.AppendInt(b, n, 10)
		b = append(b, '"')
		count += n
	}
	b = append(b, `],"explicitBounds":[`...)
	for i, bound := range f.Bounds {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, f.Unit, bound)
	}
	b = append(b, `],"count":"`...)
	b = strconv.AppendInt(b, count, 10)
	b = append(b, '"')
	if !s.Signed {
		b = append(b, `,"sum":`...)
		b = appendNumber(b, f.Unit, s.Sum)
	}
	return append(b, '}')
}

// attributesOf writes labels, which are names and values in turn.
func attributesOf(labels []string) string {
	text := "["
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			text += ","
		}
		text += `{"key":` + quote(labels[i]) + `,"value":{"stringValue":` + quote(labels[i+1]) + `}}`
	}
	return text + "]"
}

func quote(text string) string {
	b, _ := json.Marshal(text) // of a string, which can't fail
	return string(b)
}
