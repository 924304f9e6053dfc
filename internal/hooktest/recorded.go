package hooktest

import (
	"io"
	"os"
	"sync"

	"github.com/hookward/hookward/internal/audit"
)

// recorded is what audit writes to as long as tests run: what one test has left at work may
// still record when the next one has records go elsewhere.
var recorded = &diverted{to: os.Stdout}

func init() {
	audit.Redirect(recorded)
}

// diverted writes to what may change.
type diverted struct {
	mu sync.Mutex
	to io.Writer
}

func (d *diverted) Write(p []byte) (int, error) {
	d.mu.Lock()
	to := d.to
	d.mu.Unlock()
	return to.Write(p)
}

// Record has the records for stdout go to what several goroutines may write to.
func Record(to io.Writer) {
	recorded.mu.Lock()
	recorded.to = to
	recorded.mu.Unlock()
}
