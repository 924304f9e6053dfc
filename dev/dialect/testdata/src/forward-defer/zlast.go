package forwarddefer

func inLaterFile() {}
