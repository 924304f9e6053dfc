package hookward

// answer is what the gate says in its own name.
type answer struct {
	status      int
	contentType string
	headers     [][2]string
	body        string
}

// fill puts values into a template.
func fill(pieces []piece, values map[string]string) string {
	text := ""
	for i := range pieces {
		if pieces[i].placeholder == "" {
			text += pieces[i].literal
		} else {
			text += values[pieces[i].placeholder]
		}
	}
	return text
}
