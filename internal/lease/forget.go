package lease

import (
	"time"

	"github.com/hookward/hookward/internal/resp"
)

// forgetScript takes back a commit, and no claim that somebody has made since.
var forgetScript = resp.NewScript(`-- forget
if redis.call('GET', KEYS[1]) == 'done' then redis.call('DEL', KEYS[1]) end
return 1`)

// Forget takes back a commit: the delivery may be claimed again by all. Where the server
// can't be asked, it ends with the window.
func Forget(t *Table, key string) {
	t.mu.Lock()
	delete(t.ending, key)
	t.mu.Unlock()
	_, err := resp.Run(t.client, forgetScript, key, nil)
	if err != nil {
		t.tell("a delivery that was given up can't be given back to the other Traefiks: " + err.Error())
	}
}

// renewCommitScript keeps a commit from ending, and takes no claim away that somebody has made.
var renewCommitScript = resp.NewScript(`-- renew commit
local v = redis.call('GET', KEYS[1])
if not v or v == 'done' then redis.call('SET', KEYS[1], 'done', 'PX', ARGV[1]) end
return 1`)

// Renew has a commit last for a window from now on. Where the server can't be asked, it ends as
// it would, unless it is renewed once more.
func Renew(t *Table, key string, window time.Duration) {
	_, _ = resp.Run(t.client, renewCommitScript, key, []string{milliseconds(window)})
}
