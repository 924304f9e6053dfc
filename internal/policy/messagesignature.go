package policy

import (
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/messagesignature"
)

// fitReplayTo says where replay contradicts what is verified.
func fitReplayTo(n *config.Notes, p *Policy) {
	v := p.MessageSignature
	if v == nil {
		fitReplay(n, p.Replay, p)
		return
	}
	least := v.Tolerance + 2*v.Skew + config.ReplayMargin
	if p.Replay.Window < least {
		config.AddProblem(n, "replay.window", config.KindInvalid, "must be at least "+least.String()+", tolerance, twice messageSignature.clockSkew and a minute; a delivery could be sent again otherwise, while its signature is still good")
	}
	if p.Replay.ByDelivery && !messagesignature.Signs(v, &v.ID) {
		config.AddProblem(n, "replay.by", config.KindInvalid, "can't be delivery, because nothing demands that the delivery's id is covered, and anybody could change it; name its header in messageSignature.coverIfPresent")
	}
}
