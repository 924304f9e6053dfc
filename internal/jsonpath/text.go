package jsonpath

import (
	"encoding/json"
	"strconv"
)

// Text returns the text of a value that is no list, object or null.
func Text(value any) (string, bool) {
	text, ok := value.(string)
	if ok {
		return text, true
	}
	number, ok := value.(json.Number)
	if ok {
		return string(number), true
	}
	truth, ok := value.(bool)
	if ok {
		return strconv.FormatBool(truth), true
	}
	return "", false
}
