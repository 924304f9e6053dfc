package console

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"path"
	"strings"
)

// contentTypes are those of the page's files.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// serveFile answers with one of the page's files. They say nothing of anybody, so they
// are there for everybody: the login is one of them.
func serveFile(rw http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		answerMethod(rw, "GET, HEAD")
		return
	}
	if name == "" {
		name = "index.html"
	}
	packed := files[name]
	if packed == "" {
		answerStatus(rw, http.StatusNotFound)
		return
	}
	content, err := base64.StdEncoding.DecodeString(packed)
	header := rw.Header()
	header["Content-Type"] = []string{contentTypes[path.Ext(name)]}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header["Content-Encoding"] = []string{"gzip"}
	} else if err == nil {
		content, err = unpack(content)
	}
	header["Vary"] = []string{"Accept-Encoding"}
	if err != nil {
		answerStatus(rw, http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodGet {
		_, _ = rw.Write(content)
	}
}

// unpack is for the rare client that reads no gzip.
func unpack(content []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
