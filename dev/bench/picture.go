package main

import (
	"fmt"
	"html"
	"strings"
)

// Where things are in the picture, in pixels.
const (
	panelWidth  = 480
	labelWidth  = 210
	barWidth    = 155
	barHeight   = 14
	rowHeight   = 22
	titleHeight = 44
)

// pictureStyle has the colours for light and for dark pages. The background is the
// picture's own: the page may be dark where the system is light.
const pictureStyle = `<style>
.page { fill: #ffffff }
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.other { fill: #8c959f } .ours { fill: #0969da } .helper { fill: #d4a72c }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 }
text { fill: #e6edf3 }
.other { fill: #6e7681 } .ours { fill: #58a6ff } .helper { fill: #d29922 }
}
</style>
`

// bar is one contender in a panel. The second length is that of the verifier.
type bar struct {
	label         string
	first, second float64
	ours          bool
}

// Picture is an SVG of the most important figures.
func (r *Results) Picture() string {
	type panel struct {
		title string
		bars  []bar
	}
	panels := []panel{}
	collect := func(title string, k Kind, of func(*Sample) (float64, float64)) {
		p := panel{title: title}
		for _, c := range contenders() {
			if cell := r.cell(c.name, k); cell != nil {
				first, second := of(cell.median())
				p.bars = append(p.bars, bar{c.title, first, second, c.ours})
			}
		}
		if len(p.bars) > 0 {
			panels = append(panels, p)
		}
	}
	collect("Requests per second, 1 KiB (more is better)", Kind{Traffic: valid, Size: 1 << 10, Routers: 1}, func(s *Sample) (float64, float64) { return s.RPS, 0 })
	for _, bytes := range []int{1 << 10, 64 << 10, 1 << 20} {
		collect("CPU µs per request, "+size(bytes)+" (less is better)", Kind{Traffic: valid, Size: bytes, Routers: 1}, func(s *Sample) (float64, float64) { return s.CPU, s.Helper })
	}

	text := &strings.Builder{}
	height := 0
	for i := 0; i < len(panels); i += 2 {
		tallest := 0
		for column, p := range panels[i:min(i+2, len(panels))] {
			draw(text, column*panelWidth, height, p.title, p.bars)
			tallest = max(tallest, len(p.bars))
		}
		height += titleHeight + tallest*rowHeight
	}
	fmt.Fprintf(text, "<rect class=\"helper\" x=\"8\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n<text x=\"30\" y=\"%d\">the verifier that forwardAuth asks</text>\n", height+12, barHeight, barHeight, height+24)
	height += rowHeight + 12
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n<title>hookward's cost beside the alternatives</title>\n%s<rect class=\"page\" width=\"100%%\" height=\"100%%\" rx=\"6\"/>\n%s</svg>\n",
		2*panelWidth, height+8, 2*panelWidth, height+8, pictureStyle, text)
}

func draw(text *strings.Builder, x, y int, title string, bars []bar) {
	longest := 0.0
	for _, b := range bars {
		longest = max(longest, b.first+b.second)
	}
	fmt.Fprintf(text, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", x+8, y+28, html.EscapeString(title))
	for i, b := range bars {
		top := y + titleHeight + i*rowHeight
		class := "other"
		if b.ours {
			class = "ours"
		}
		first, second := b.first/longest*barWidth, b.second/longest*barWidth
		fmt.Fprintf(text, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", x+labelWidth, top+12, html.EscapeString(b.label))
		fmt.Fprintf(text, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", class, x+labelWidth+8, top, first, barHeight)
		value := thousands(b.first)
		if b.second > 0 {
			fmt.Fprintf(text, "<rect class=\"helper\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", float64(x+labelWidth+8)+first, top, second, barHeight)
			value += " + " + thousands(b.second)
		}
		fmt.Fprintf(text, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", float64(x+labelWidth+14)+first+second, top+12, value)
	}
}
