package console

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
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
	content, known := pageFiles()[name]
	if !known {
		answerStatus(rw, http.StatusNotFound)
		return
	}
	rw.Header()["Content-Type"] = []string{contentTypes[path.Ext(name)]}
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(rw, content)
	}
}

var (
	filesMu sync.Mutex
	files   map[string]string // by name; unpacked by the first who asks
)

func pageFiles() map[string]string {
	filesMu.Lock()
	defer filesMu.Unlock()
	if files == nil {
		files = unpack(packedFiles)
	}
	return files
}

// unpack returns the files that `make docs` has packed: a JSON object of names and
// contents, gzipped, in base64.
func unpack(packed string) map[string]string {
	unpacked := map[string]string{}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	if err == nil {
		_ = json.NewDecoder(reader).Decode(&unpacked) // it is what make docs has written: see TestFiles
	}
	return unpacked
}
