package hookward

import "strings"

// delimit sets what keeps each part of the sender's choice apart from the one
// that may hold anything. It returns the names of the parts that nothing keeps
// apart: a stranger who has seen one delivery can move bytes between those and
// their neighbours.
// A timestamp keeps an id apart, being digits and signs of one strict form, where
// the body can't begin with another one.
func delimit(parts []part) []string {
	pivot := pivotOf(parts)
	loose := []string{}
	for i := range parts {
		p := &parts[i]
		if i == pivot || !isChosen(p.kind) && !isBody(p.kind) {
			continue
		}
		neighbour := neighbourOf(parts, i, pivot)
		switch {
		case neighbour >= 0 && parts[neighbour].kind == "literal" && i < pivot:
			p.ends = string(parts[neighbour].text)
		case neighbour >= 0 && parts[neighbour].kind == "literal":
			p.begins = string(parts[neighbour].text)
		case neighbour >= 0 && parts[neighbour].kind == "timestamp" && p.kind == "id":
			p.joined = true
		default:
			loose = append(loose, placeholderOf(p))
		}
	}
	for i := range parts {
		if (i == 0 && parts[i].group != 0 || i > 0 && parts[i].group != parts[i-1].group) && !isLabelled(parts, i) {
			loose = append(loose, "[...]")
		}
	}
	return loose
}

// isLabelled says whether it can be told, where a group begins or ends at i, if
// the group is there: by its first text, and by the text that follows it. A
// group without text of its own leaves the delimiters around it as they are.
func isLabelled(parts []part, i int) bool {
	group := parts[i].group
	if group == 0 {
		group = parts[i-1].group
	}
	for _, p := range parts {
		if p.group == group && p.kind == "literal" {
			return parts[i].kind == "literal" && hasOwnLabel(parts, i)
		}
	}
	return true
}

// hasOwnLabel says whether the first text of a group differs from that of all
// which may stand there in its place: the groups that follow, and the first text
// that is always there.
func hasOwnLabel(parts []part, i int) bool {
	label := string(parts[i].text)
	for n := i + 1; n < len(parts) && parts[i].group != 0; n++ {
		if parts[n].group == parts[n-1].group {
			continue
		}
		other := string(parts[n].text)
		if strings.HasPrefix(label, other) || strings.HasPrefix(other, label) {
			return false
		}
		if parts[n].group == 0 {
			break
		}
	}
	return true
}

// endsTimestamp says whether every timestamp ends at a text that is no digit, or
// at the end.
func endsTimestamp(parts []part) bool {
	for i := range parts {
		if parts[i].kind != "timestamp" || i == len(parts)-1 {
			continue
		}
		next := parts[i+1]
		if next.kind != "literal" || next.group != 0 || strings.Trim(string(next.text[:1]), "0123456789") == "" {
			return false
		}
	}
	return true
}

// pivotOf returns the position of the part that may hold anything: the body, the
// value that the template says is free, or else the last of the sender's choice.
func pivotOf(parts []part) int {
	hasBody := signsPart(parts, "body", "ascii")
	pivot := -1
	for i, p := range parts {
		if p.free {
			return i
		}
		if isBody(p.kind) || isChosen(p.kind) && !hasBody {
			pivot = i
		}
	}
	return pivot
}

// neighbourOf returns the part beside i on the side of the pivot, or -1 where
// there is none to rely on. Checks are no text; and what is in brackets may not
// be there, unless i is in the same ones.
func neighbourOf(parts []part, i, pivot int) int {
	direction := 1
	if i > pivot {
		direction = -1
	}
	for n := i + direction; n >= 0 && n < len(parts); n += direction {
		if parts[n].kind == "check" || parts[n].kind == "absent" {
			continue
		}
		if parts[n].group != 0 && parts[n].group != parts[i].group {
			return -1
		}
		return n
	}
	return -1
}

// isChosen says whether a part is text of the sender's choice. A method is not:
// it is one of the option methods. Nor are digests, secrets, and lists of
// headers' names, which have forms of their own.
func isChosen(kind string) bool {
	return contains([]string{"id", "value", "only", "lower", "fields", "headers", "listed", "url", "portURL", "decodedURL", "host", "path", "query", "uri"}, kind)
}

// placeholderOf returns how a part is written, for messages.
func placeholderOf(p *part) string {
	switch p.kind {
	case "value", "only":
		return "{" + p.place.kind + ":" + p.place.name + "}"
	case "lower":
		return "{lower:" + p.place.kind + ":" + p.place.name + "}"
	case "fields":
		return "{sorted:" + p.place.kind + "}"
	case "headers":
		return "{headers:" + p.place.name + "}"
	case "listed":
		return "{headerValues}"
	case "ascii":
		return "{ascii:body}"
	}
	return "{" + p.kind + "}"
}
