package jail

import "github.com/sockscript/sockscript/scenarios"

// streams are the standard streams that a scenario uses, which it is handed. It
// is an error where that would be more than a stream.
func streams(s *scenarios.Scenario) ([]string, error) {
	var list []string
	for _, name := range []string{"stdin", "stdout"} {
		if s.UsesOwnStream(name) {
			if err := mayHand(name); err != nil {
				return nil, err
			}
			list = append(list, name)
		}
	}
	return list, nil
}
