package forwarddefer

func inEarlierFile() {}
