// Command labels prints what Loki makes of label texts, one JSON object a line. Each character of a
// text stands for one byte, as the bytes may be no UTF-8:
//
//	go run ./labels > ../../data/labels.jsonl
//
// {"text", "refused": true}, or {"text", "pairs": [name, value, …], "printed"}. It does what Loki 3.7.6 does: parse, drop empty values, print,
// parse that again, refuse duplicate names and empty ones.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

type row struct {
	Text    string   `json:"text"`
	Refused bool     `json:"refused,omitempty"`
	Pairs   []string `json:"pairs,omitempty"`
	Printed string   `json:"printed,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	fmt.Fprintln(out, `{"generated":"tests/go/prometheus/labels with github.com/prometheus/prometheus v0.312.1-0.20260612131846-2ad3a8717015"}`)
	for _, text := range append(given(), generated()...) {
		encoder.Encode(ask(text))
	}
}

func ask(text string) row {
	set, err := parse(text)
	if err != nil {
		return row{Text: bytes(text), Refused: true}
	}
	printed := set.String()
	again, err := parse(printed)
	_, twice := again.HasDuplicateLabelNames()
	if err != nil || twice || again.Has("") {
		return row{Text: bytes(text), Refused: true}
	}
	r := row{Text: bytes(text), Printed: bytes(printed)}
	again.Range(func(l labels.Label) {
		r.Pairs = append(r.Pairs, bytes(l.Name), bytes(l.Value))
	})
	return r
}

func bytes(text string) string {
	var characters []rune
	for _, b := range []byte(text) {
		characters = append(characters, rune(b))
	}
	return string(characters)
}

func parse(text string) (labels.Labels, error) {
	set, err := parser.NewParser(parser.Options{}).ParseMetric(text)
	if err != nil {
		return labels.EmptyLabels(), err
	}
	return set.WithoutEmpty(), nil
}

func given() (texts []string) {
	for _, word := range strings.Fields(`avg bottomk by count count_values fill fill_left fill_right group and or unless max offset quantile stddev stdvar sum topk
		without start end limitk limit_ratio step range anchored smoothed max_of min_of bool on ignoring group_left group_right atan2 inf nan Inf NaN +Inf -inf infinity
		On AND Bool min rate counter_reset_hint buckets schema unknown_counter_reset not_counter_reset gauge_reset true x:y :x x: 1 1s 5m 0x1f 1e3 a.b é _ __ a1 sum_x`) {
		texts = append(texts, word, word+`{a="b"}`, `{`+word+`="b"}`)
	}
	return append(texts, "", " ", "\n\t\r", "#", "#x", "# x\n{}", "# x\r{a=\"b\"}", "{}", "{ }", "{}#", "{}x", "{} {}", "{", "}", "{a}", "{a=}", "{=\"b\"}", "{,}", `{a="b",}`, `{a="b",,}`, `{,a="b"}`, `{a="b" c="d"}`,
		`{a="b"}}`, `{{a="b"}}`, `{a="b",#}`, "{a=\"b\",#}\n}", "{#\na#\n=#\n\"b\"#\n}", "x#\n{a=\"b\"}", "x #\n\n", "{a=\"b\"\x00}", "{\x00a=\"b\"}", "\x00", "{a=\"\x00\"}", "{a=\"\x7f\t\r\"}", "{a=\"\xff\"}", "{a=\"\xc3\"}", "{a=`\xff`}", "{a=`\x00\r\n`}", "{#\xff\n}",
		`{a="\ufffd"}`, `{a="\xef\xbf\xbd"}`, "{a=\"\ufffd\"}", "{a='\ufffd'}", `{"\ufffd"="x"}`, `{"\ufffd"=""}`, `{"\ufffd"}`, `{a="\xf0\xef\xbf\xbd"}`, `{a="\xef\xbf"}`, `{a="\xff\xfe\xc3"}`, `{"\xff"="\xc3\xa9"}`, `{"\xff"}`,
		`{""="x"}`, `{""=""}`, `{""}`, `{"", a="b"}`, `x{""="y"}`, `{"x"}`, `{"x","y"}`, `{"x",a="b"}`, `x{"y"}`, `x{"y","z"}`, `x{__name__="y"}`, `x{__name__=""}`, `x{__name__="",__name__="y"}`, `{__name__="x","y"}`, `x{a="",a="b"}`, `{a="",a="b"}`, `x{a="b",b="",c="d"}`, `{a="1",a="1"}`, `{a="1",'a'="2"}`, `{a="1",a=""}`, `{'a b'='c',"a b"="d"}`,
		`{a!="b"}`, `{a=~"b"}`, `{a!~"b"}`, `{a=="b"}`, `{a="b"=~}`, `{a='b'}`, "{a=`b`}", "{`a`=`b`}", "{a=`b}", `{a="b}`, `{a='b}`, `{a="b'}`, "{a=\"b\nc\"}", "{a='b\nc'}", "{a=\"b\rc\"}", "{a=`b\nc`}", "{a=``}", "{a=`\\n`}", "{a=`\\`}",
		`{a="\'"}`, `{a='\"'}`, `{a='\''}`, `{a="\""}`, "{a=\"\\`\"}", "{a=\"`\"}", `{a="\a\b\f\n\r\t\v\\"}`, `{a="\/"}`, `{a="\?"}`, `{a="\e"}`, `{a="\"}`, `{a="\`, `{a="\x`, `{a="\x4`, `{a="\x4"}`, `{a="\x4g"}`, `{a="\xAf"}`, `{a="\u12"}`, `{a="\u00e9"}`, `{a="\u{e9}"}`, `{a="\ud800"}`, `{a="\udfff"}`, `{a="\ue000"}`, `{a="\U0010ffff"}`, `{a="\U00110000"}`, `{a="\U0000d800"}`, `{a="\Uffffffff"}`, `{a="\U0001F600"}`, `{a="\000"}`, `{a="\377"}`, `{a="\400"}`, `{a="\08"}`, `{a="\08x"}`, `{a="\1"}`, `{a="\12"}`, `{a="\128"}`, `{a="\777"}`, `{a="\x00"}`, `{a="\xé"}`, `{a="\uéé"}`,
		`{a="é日😀"}`, `{a="\u00ad\u200b\u2028\ufeff\U000e0001"}`, `{a=" "}`, "{a=\"\u00a0\"}", `{é="b"}`, `{"é"="b"}`, `{"a.b"="c"}`, `{"1"="c"}`, `{"a\nb"="c"}`, `{a.b="c"}`, `{a-b="c"}`, `{1a="c"}`, `{a:b="c"}`, "{\u00a0a=\"b\"}", "\ufeff{a=\"b\"}", "{\va=\"b\"}", "{\fa=\"b\"}", "{\u2028a=\"b\"}", `"x"`, `"x"{a="b"}`, `{a=b}`, `{a=1}`, `{a="b";}`, `(a)`, `a[5m]`, `a @ 5`, `-a`, `a b`, `a,`, `{a="b"}[1]`, `{a="b"} 1`, `{z="1",y="2",A="3",_="4"}`, `{B="",b="",c=""}`)
}

// generated makes texts out of pieces that mean something to the grammar.
func generated() (texts []string) {
	pieces := []string{"{", "}", ",", "=", "a", "b", `"x"`, `"y"`, `""`, "'z'", "`w`", " ", "\n", "# c\n", `"\xff"`, `"\u00ad"`, `a="b"`, `,b="c"`, `"q"="r"`, "on", "__name__", "!=", "\""}
	random := rand.New(rand.NewSource(1))
	for range 1200 {
		var text strings.Builder
		if random.Intn(4) > 0 {
			text.WriteString("{")
		}
		for range random.Intn(7) {
			text.WriteString(pieces[random.Intn(len(pieces))])
		}
		if random.Intn(4) > 0 {
			text.WriteString("}")
		}
		texts = append(texts, text.String())
	}
	return texts
}
