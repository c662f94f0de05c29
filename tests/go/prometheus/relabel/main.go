// Command relabel prints what Prometheus makes of relabel rules, one JSON object a line:
//
//	go run ./relabel > ../../data/relabel.jsonl
//
// The first line holds label sets, in which each character stands for one byte. Then {"rules", "refused": true} where the
// rules are not valid (with names of the old scheme, as in Alloy), else {"rules", "dropped", "changed"}: the numbers of the
// sets that are dropped, and for each set that comes out otherwise its number and what it becomes. "skipped" are sets that
// Prometheus gives a U+FFFD.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"
)

type row struct {
	Rules   []rule `json:"rules"`
	Refused bool   `json:"refused,omitempty"`
	Dropped []int  `json:"dropped,omitempty"`
	Changed []any  `json:"changed,omitempty"`
	Skipped []int  `json:"skipped,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var shown []map[string]string
	for _, set := range sets {
		shown = append(shown, latin(set))
	}
	encoder.Encode(map[string]any{
		"generated": "tests/go/prometheus/relabel with github.com/prometheus/prometheus v0.312.1-0.20260612131846-2ad3a8717015",
		"sets":      shown,
	})
	for _, rules := range append(given, generated()...) {
		encoder.Encode(ask(rules))
	}
}

func ask(rules []rule) row {
	r := row{Rules: rules}
	var configs []*relabel.Config
	for _, rule := range rules {
		// JSON is YAML, and only reading YAML fills in the defaults.
		text, _ := json.Marshal(rule)
		config := new(relabel.Config)
		if yaml.Unmarshal(text, config) != nil || config.Validate(model.LegacyValidation) != nil {
			r.Refused = true
			return r
		}
		configs = append(configs, config)
	}
	for number, set := range sets {
		builder := labels.NewBuilder(labels.FromMap(set))
		if !relabel.ProcessBuilder(builder, configs...) {
			r.Dropped = append(r.Dropped, number)
			continue
		}
		result := builder.Labels().Map()
		if strings.Contains(fmt.Sprint(result), "\ufffd") {
			r.Skipped = append(r.Skipped, number)
		} else if !maps.Equal(result, set) {
			r.Changed = append(r.Changed, []any{number, latin(result)})
		}
	}
	return r
}

func latin(set map[string]string) map[string]string {
	shown := map[string]string{}
	for name, value := range set {
		shown[bytes(name)] = bytes(value)
	}
	return shown
}

func bytes(text string) string {
	var characters []rune
	for _, b := range []byte(text) {
		characters = append(characters, rune(b))
	}
	return string(characters)
}

// generated makes rules out of values that mean something somewhere.
func generated() (all [][]rule) {
	random := rand.New(rand.NewSource(3))
	pick := func(values ...any) any { return values[random.Intn(len(values))] }
	maybe := func(r rule, chance int, key string, values ...any) {
		if random.Intn(100) < chance {
			r[key] = pick(values...)
		}
	}
	one := func() rule {
		r := rule{}
		maybe(r, 80, "action", "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase", "Replace", "replace")
		maybe(r, 75, "source_labels", []string{"a"}, []string{"a", "b"}, []string{"b", "a"}, []string{"job"}, []string{"none"}, []string{"a", "a"}, []string{"path", "job", "a"}, []string{"pod"})
		maybe(r, 60, "target_label", "a", "b", "x", "job", "${1}_t", "$1", "t_$2", "$1$2", "a.b", "x")
		maybe(r, 60, "regex", "(.*)", "(.+)", ".*", "", "(a|b)", "([a-z]+)[;-](.*)", "(?i)(foo)(.*)", "a|b|job|x", "x_(.+)", "(.)(.*)", "foo.bar", "(?P<w>\\w+).*", "[^/]*/([^/]+)/.*", "1")
		maybe(r, 50, "replacement", "$1", "${1}", "$2", "$1-$2", "", "fixed", "${w}", "$1x", "${1}x", "$$1", "x_$1", "${2}${1}", "${1}_s")
		maybe(r, 15, "separator", "", ";", "-", "/")
		if r["action"] == "hashmod" {
			maybe(r, 85, "modulus", 1, 7, 1000, uint64(1)<<63, ^uint64(0))
		} else {
			maybe(r, 5, "modulus", 0, 7)
		}
		return r
	}
	for range 1000 {
		rules := []rule{one()}
		for random.Intn(3) == 0 {
			rules = append(rules, one())
		}
		if ask(rules).Refused && random.Intn(6) > 0 {
			continue
		}
		all = append(all, rules)
	}
	return all
}
