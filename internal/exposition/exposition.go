// Package exposition knows how numbers are written for others: in Prometheus' text format
// 0.0.4, in OpenMetrics 1.0, and as OTLP in JSON. It must not know what the
// numbers count.
package exposition

import (
	"strconv"
	"strings"
)

// Family is all series of one name. Numbers of the unit seconds are held in nanoseconds,
// so that none of them is a fraction.
type Family struct {
	Name   string // a counter's ends in _total
	Help   string
	Type   string // one of those below
	Unit   string // seconds or bytes, which the name ends in; empty for none
	Bounds []int64
	Series []*Series

	// By format, once they are written: the lines before the samples, and the bounds, as the
	// label le has them.
	before [2]string
	edges  [2][]string
}

// What a family may be.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
)

// Series is one of a family's. It can be used for one text after another: what does not
// change of its lines is written once.
type Series struct {
	Labels []string // names and values in turn
	Value  int64

	// Of a histogram: how many observations are in each bucket, those above the last
	// bound included, and their sum. The sum of numbers that may be negative is left out,
	// as OpenMetrics asks: it could fall.
	Buckets []int64
	Sum     int64
	Signed  bool

	lines      [2][]string // the beginnings of its lines, by format
	attributes string      // the labels in OTLP
}

// Content types of the two formats.
const (
	TextType = "text/plain; version=0.0.4; charset=utf-8"
	OpenType = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// The formats.
const (
	textFormat = 0
	openFormat = 1
)

// Text writes families, as OpenMetrics if that is asked for. A family without series is
// left out.
func Text(families []*Family, open bool) []byte {
	format := textFormat
	if open {
		format = openFormat
	}
	b := make([]byte, 0, 64<<10)
	for _, f := range families {
		if len(f.Series) == 0 {
			continue
		}
		if f.before[format] == "" {
			prepare(f, format)
		}
		b = append(b, f.before[format]...)
		for _, s := range f.Series {
			// As few calls as can be: in the interpreter each costs more than the rest.
			lines := s.lines[format]
			if lines == nil {
				lines = linesOf(f, s, format)
			}
			if f.Type == Histogram {
				b = appendHistogram(b, f, s, lines)
				continue
			}
			b = append(b, lines[0]...)
			if f.Unit == "seconds" {
				b = appendNumber(b, f.Unit, s.Value)
			} else {
				b = strconv.AppendInt(b, s.Value, 10)
			}
			b = append(b, '\n')
		}
	}
	if open {
		b = append(b, "# EOF\n"...)
	}
	return b
}

func appendHistogram(b []byte, f *Family, s *Series, lines []string) []byte {
	count := int64(0)
	for i := range s.Buckets {
		count += s.Buckets[i]
		b = append(b, lines[i]...)
		b = strconv.AppendInt(b, count, 10)
		b = append(b, '\n')
	}
	if !s.Signed {
		b = append(b, lines[len(s.Buckets)]...)
		b = append(appendNumber(b, f.Unit, s.Sum), '\n')
	}
	b = append(b, lines[len(s.Buckets)+1]...)
	b = strconv.AppendInt(b, count, 10)
	return append(b, '\n')
}

// appendNumber writes a number of a unit.
func appendNumber(b []byte, unit string, n int64) []byte {
	if unit == "seconds" {
		return strconv.AppendFloat(b, float64(n)/1e9, 'g', -1, 64)
	}
	return strconv.AppendInt(b, n, 10)
}

// prepare writes what all texts of a format have of a family.
func prepare(f *Family, format int) {
	name := f.Name
	help := strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.Help)
	unit := ""
	if format == openFormat {
		help = strings.ReplaceAll(help, `"`, `\"`)
		if f.Type == Counter {
			name = strings.TrimSuffix(name, "_total")
		}
		if f.Unit != "" {
			unit = "# UNIT " + name + " " + f.Unit + "\n"
		}
	}
	f.before[format] = "# HELP " + name + " " + help + "\n# TYPE " + name + " " + f.Type + "\n" + unit
	edges := []string{}
	for _, bound := range f.Bounds {
		edge := string(appendNumber(nil, f.Unit, bound))
		if format == openFormat && !strings.ContainsAny(edge, ".e") {
			edge += ".0"
		}
		edges = append(edges, edge)
	}
	f.edges[format] = append(edges, "+Inf")
}

// linesOf returns how each line of a series begins, up to its number, and keeps it.
func linesOf(f *Family, s *Series, format int) []string {
	labels := labelsOf(s.Labels)
	lines := []string{}
	if f.Type == Histogram {
		before := labels
		if before != "" {
			before += ","
		}
		for _, edge := range f.edges[format] {
			lines = append(lines, f.Name+"_bucket{"+before+`le="`+edge+`"} `)
		}
		lines = append(lines, nameWith(f.Name+"_sum", labels), nameWith(f.Name+"_count", labels))
	} else {
		lines = append(lines, nameWith(f.Name, labels))
	}
	s.lines[format] = lines
	return lines
}

func nameWith(name, labels string) string {
	if labels == "" {
		return name + " "
	}
	return name + "{" + labels + "} "
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labelsOf returns labels as they stand in braces.
func labelsOf(labels []string) string {
	text := ""
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			text += ","
		}
		text += labels[i] + `="` + escape.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD")) + `"`
	}
	return text
}

// WantsOpen says whether a scraper asks for OpenMetrics, by its header Accept. It gets the
// text format where it asks for anything else, or for nothing: a scrape is never refused
// for that.
func WantsOpen(accept string) bool {
	open, text := 0.0, 0.0
	for _, part := range strings.Split(accept, ",") {
		fields := strings.Split(part, ";")
		quality := 1.0
		version := ""
		for i := 1; i < len(fields); i++ {
			name, value, _ := strings.Cut(strings.TrimSpace(fields[i]), "=")
			if name == "q" {
				quality = qualityOf(value)
			} else if name == "version" {
				version = strings.Trim(value, `"`)
			}
		}
		kind := strings.ToLower(strings.TrimSpace(fields[0]))
		if kind == "application/openmetrics-text" && (version == "" || version == "1.0.0") && quality > open {
			open = quality
		} else if kind == "text/plain" && quality > text {
			text = quality
		}
	}
	return open > 0 && open >= text
}

func qualityOf(text string) float64 {
	quality, err := strconv.ParseFloat(text, 64)
	if err != nil || quality < 0 || quality > 1 {
		return 0
	}
	return quality
}
