package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table writes a table in Markdown, which is aligned enough for a terminal.
func table(header []string, rows [][]string) string {
	widths := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	text := &strings.Builder{}
	write := func(row []string) {
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				cell += padding
			} else {
				cell = padding + cell
			}
			text.WriteString("| " + cell + " ")
		}
		text.WriteString("|\n")
	}
	write(header)
	for i, width := range widths {
		if i == 0 {
			text.WriteString("|" + strings.Repeat("-", width+2))
		} else {
			text.WriteString("|" + strings.Repeat("-", width+1) + ":")
		}
	}
	text.WriteString("|\n")
	for _, row := range rows {
		write(row)
	}
	return text.String()
}

// Table is the table of one kind of traffic. Ratios compare with Traefik alone
// that forwards valid deliveries of the same size, in the same rounds.
func (r *Results) Table(k Kind) string {
	rows := [][]string{}
	reference := k
	reference.Traffic = valid
	base := r.cell(bare, reference)
	if k.Traffic == limited {
		base = r.cell(bare, Kind{Traffic: valid, Size: k.Size, Routers: 1})
	}
	for _, c := range contenders() {
		cell := r.cell(c.name, k)
		if cell == nil {
			if refused := r.refused(c.name, k); refused != "" {
				rows = append(rows, []string{c.title, "refused", "", "", "", "", "", "", ""})
			}
			continue
		}
		m := cell.median()
		row := []string{c.title, thousands(m.RPS), "", fmt.Sprintf("%.2f", m.P50/1000), fmt.Sprintf("%.2f", m.P99/1000), microseconds(m.CPU), "", "", fmt.Sprintf("%.0f", mib(m.RSS))}
		if m.Helper > 0 {
			row[5] = fmt.Sprintf("%s + %s", microseconds(m.CPU), microseconds(m.Helper))
		}
		if base != nil {
			row[2] = fmt.Sprintf("%.2f", cell.against(base, rps, quotient))
			if c.name != bare {
				row[6] = fmt.Sprintf("%+.0f", cell.against(base, (*Sample).Total, difference))
			}
			row[7] = fmt.Sprintf("%.2f", cell.against(base, (*Sample).Total, quotient))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return ""
	}
	return table([]string{"", "requests/s", "of bare", "p50 ms", "p99 ms", "CPU µs", "added", "of bare", "RSS MiB"}, rows)
}

// refused says why figures don't count; nothing where they do.
func (r *Results) refused(contender string, k Kind) string {
	for _, c := range r.Cells {
		if c.Contender == contender && c.Kind == k {
			return c.Refused
		}
	}
	return ""
}

// Text is all tables, for a terminal.
func (r *Results) Text() string {
	text := &strings.Builder{}
	for _, k := range kinds(r.Settings) {
		fmt.Fprintf(text, "\n%s\n\n%s", k, r.Table(k))
	}
	if starts := r.starts(); starts != "" {
		fmt.Fprintf(text, "\nStarts, reloads of %d routers, memory\n\n%s", manyRouters, starts)
	}
	if targets := r.Targets(nil); targets != "" {
		fmt.Fprintf(text, "\nTargets\n\n%s", targets)
	}
	for _, missing := range r.Missing {
		fmt.Fprintf(text, "\nLeft out: %s\n", missing)
	}
	return text.String()
}

// thousands writes a whole number with a comma at the thousands.
func thousands(f float64) string {
	text := fmt.Sprintf("%.0f", f)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func microseconds(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.1f", f)
	}
	return thousands(f)
}
