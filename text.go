package hookward

import (
	"strconv"
	"strings"
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// characters returns those from one to another, without some.
func characters(from, to byte, without string) string {
	set := ""
	for c := from; c <= to; c++ {
		if strings.IndexByte(without, c) < 0 {
			set += string(rune(c))
		}
	}
	return set
}

// quote shows what was written, short enough for a log line.
func quote(text string) string {
	if len(text) > 64 {
		return strconv.QuoteToASCII(text[:64]) + "..."
	}
	return strconv.QuoteToASCII(text)
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
