package outbox

// Format is what a queue has to know of the records in it.
type Format struct {
	// Span returns whose record a line is, and which numbers it stands for there:
	// its own, or, of a record of lost ones, the first and the last of them, and
	// how many they are. The name is empty for a line that is no record.
	Span func(line []byte) (string, int64, int64, int64)

	// Gap returns a record, without a newline, that says which ones were lost.
	Gap func(of string, first, last, count int64) []byte

	// IsGap says whether a line is a record of lost ones, which were counted when they were
	// lost; nil where nobody counts.
	IsGap func(line []byte) bool

	// What follows is nil where nobody else keeps records.

	// Kept returns by what id a line can be had again, or nothing where it can't be.
	Kept func(line []byte) string

	// Again returns the line of an id, with a newline, or nothing.
	Again func(id string) []byte

	// Arrived is told of lines that had to wait, and have arrived, or been refused.
	Arrived func(lines [][]byte)
}

// span is what is lost of one series of records.
type span struct {
	first, last, count int64
}

// gaps are what is lost, by series.
type gaps struct {
	format Format
	spans  map[string]*span
	kept   []string // ids of lines that were dropped, and can be had again
	lost   int64    // records, since the process began
	full   bool     // lines were dropped, and none has been taken since
}

// dropAll notes that there is no room for lines, and says whether any is lost.
func dropAll(g *gaps, lines [][]byte) bool {
	lost := false
	g.full = true
	for i := range lines {
		id := ""
		if g.format.Kept != nil {
			id = g.format.Kept(lines[i])
		}
		if id != "" {
			g.kept = append(g.kept, id)
		} else {
			loseLine(g, lines[i])
			lost = true
		}
	}
	return lost
}

// takeKept returns the oldest of the lines that can be had again, or nothing.
func takeKept(g *gaps) string {
	if len(g.kept) == 0 {
		return ""
	}
	id := g.kept[0]
	g.kept = g.kept[1:]
	return id
}

// arrived tells of lines that have arrived.
func arrived(f Format, lines [][]byte) {
	if f.Arrived != nil && len(lines) > 0 {
		f.Arrived(lines)
	}
}

// lose notes that lines are lost.
func lose(g *gaps, lines [][]byte) {
	for i := range lines {
		loseLine(g, lines[i])
	}
}

func loseLine(g *gaps, line []byte) {
	of, first, last, count := g.format.Span(line)
	if of == "" {
		return
	}
	if g.format.IsGap == nil || !g.format.IsGap(line) {
		g.lost += count
	}
	s := g.spans[of]
	if s == nil {
		g.spans[of] = &span{first: first, last: last, count: count}
		return
	}
	if first < s.first {
		s.first = first
	}
	if last > s.last {
		s.last = last
	}
	s.count += count
}

// takeGaps returns a record for each series of which something is lost, and
// forgets what it was.
func takeGaps(g *gaps) [][]byte {
	lines := [][]byte{}
	for of, s := range g.spans {
		lines = append(lines, g.format.Gap(of, s.first, s.last, s.count))
	}
	g.spans = map[string]*span{}
	return lines
}

// fetchKept returns lines that were dropped, and can be had again.
func fetchKept(d *Direct) []byte {
	lines := []byte(nil)
	for len(lines) < directChunk {
		d.mu.Lock()
		id := takeKept(&d.gaps)
		d.mu.Unlock()
		if id == "" {
			break
		}
		lines = append(lines, d.gaps.format.Again(id)...)
	}
	return lines
}

// FetchDirect has lines written that can be had again by their ids, when there is time
// for it. It does not wait.
func FetchDirect(d *Direct, ids []string) {
	d.mu.Lock()
	d.gaps.kept = append(d.gaps.kept, ids...)
	d.behind = true
	starts := !d.busy
	d.busy = true
	d.mu.Unlock()
	if starts {
		d.timer.Reset(0)
	}
}
