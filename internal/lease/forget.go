package lease

import (
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
