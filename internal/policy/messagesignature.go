package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
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

// completeMessage adds what follows from the options of a message signature.
func completeMessage(p *Policy, options config.Options) {
	v := p.MessageSignature
	v.Summary = message.SummaryOf(&v.ID, &v.Event)
	p.Authenticate = messagesignature.Challenges(options.MessageSignature.WWWAuthenticate)
	h := sha256.New()
	text, _ := json.Marshal([]any{p.VerificationDigest, options.MessageSignature})
	h.Write(text)
	h.Write([]byte(messagesignature.KeyText(v)))
	p.VerificationDigest = hex.EncodeToString(h.Sum(nil))
}
