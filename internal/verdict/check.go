package verdict

import "net/http"

// elsewhere are the reasons whose row does not say which check they belong to.
var elsewhere = map[string]string{
	ConfigInvalid: "configuration", InternalError: "configuration",
	SourceBanned: "ban", RateLimited: "rate",
	KeyUnavailable: "signature", IntrospectionUnavailable: "token",
	DeliveryInFlight: "replay", DeliveryDuplicate: "replay", ReplayUnavailable: "replay",
	DeliveryStored: "delivery", StoreUnavailable: "delivery",
	AuditUnavailable: "audit",
}

// Check names the check that a request stops at with a reason, for numbers: none where it
// passes.
func Check(reason string) string {
	name := elsewhere[reason]
	if name == "" {
		name = CheckOf[reason]
	}
	if name == "" && Statuses[reason] == http.StatusUnauthorized {
		name = "signature"
	}
	if name == "" {
		name = "none"
	}
	return name
}
