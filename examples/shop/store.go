package shop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mostOrders bounds the store; the oldest go first.
const mostOrders = 20_000

// serveStore is a key-value server with one command a line: SET key value,
// ADD key value, which only sets what is not there, GET key, DEL key, LAST
// prefix n [key], PING.
func serveStore(ctx context.Context, l net.Listener, by late) error {
	s := &memory{late: by, values: map[string]string{}}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil
		}
		go s.serve(ctx, conn)
	}
}

type memory struct {
	late   late
	mu     sync.Mutex
	values map[string]string
	order  []string // as they came
	sorted []string
}

func (s *memory) serve(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	in := bufio.NewScanner(conn)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		s.late.wait(ctx)
		if _, err := fmt.Fprintln(conn, s.do(in.Text())); err != nil {
			return
		}
	}
}

func (s *memory) do(line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	key, value, _ := strings.Cut(rest, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch verb {
	case "PING":
		return "+PONG"
	case "SET":
		return s.set(key, value)
	case "ADD":
		if _, there := s.values[key]; there {
			return "-exists"
		}
		return s.set(key, value)
	case "GET":
		if v, ok := s.values[key]; ok {
			return "$" + v
		}
		return "-none"
	case "DEL":
		return s.delete(key)
	case "LAST":
		return s.last(key, value)
	}
	return "-unknown command"
}

func (s *memory) set(key, value string) string {
	if _, known := s.values[key]; !known {
		s.order = append(s.order, key)
		at, _ := slices.BinarySearch(s.sorted, key)
		s.sorted = slices.Insert(s.sorted, at, key)
	}
	s.values[key] = value
	if len(s.order) > mostOrders {
		s.delete(s.order[0])
	}
	return "+OK"
}

func (s *memory) delete(key string) string {
	if _, ok := s.values[key]; !ok {
		return "-none"
	}
	delete(s.values, key)
	if i := slices.Index(s.order, key); i >= 0 {
		s.order = slices.Delete(s.order, i, i+1)
	}
	if i, ok := slices.BinarySearch(s.sorted, key); ok {
		s.sorted = slices.Delete(s.sorted, i, i+1)
	}
	return "+OK"
}

// last gives the values of the greatest keys that have the prefix and come
// before a key, if one is given, as a JSON list, the greatest first.
func (s *memory) last(prefix, arguments string) string {
	count, before, _ := strings.Cut(arguments, " ")
	n, _ := strconv.Atoi(count)
	end := prefix + "\xff"
	if before != "" {
		end = before
	}
	at, _ := slices.BinarySearch(s.sorted, end)
	var out []string
	for _, k := range slices.Backward(s.sorted[:at]) {
		if len(out) == n || !strings.HasPrefix(k, prefix) {
			break
		}
		out = append(out, s.values[k])
	}
	return "$[" + strings.Join(out, ",") + "]"
}

// storeTime bounds one call of the store, connecting included, and connectTime
// the making of one connection.
const (
	storeTime   = 800 * time.Millisecond
	connectTime = 400 * time.Millisecond
)

var (
	errNone   = errors.New("not in the store")
	errExists = errors.New("in the store already")
)

// A store is the client: a pool of connections, each used by one call at a time.
type store struct {
	addr   string
	mutant mutant

	patience time.Duration // bounds one call

	idle chan net.Conn
	dead sync.Map // used by a defect alone, as the next
	only *insistence
	gone bool // a defect: it was not there at the start, and is not looked for again
}

func newStore(addr string, m mutant) *store {
	return &store{addr: addr, mutant: m, patience: storeTime, idle: make(chan net.Conn, 32), only: newInsistence()}
}

// do makes one call. A pooled connection that turns out to be dead is replaced
// once; every command can be repeated without harm.
func (s *store) do(ctx context.Context, command string) (string, error) {
	if s.gone {
		return "", errGone
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		conn, pooled, err := s.connect(ctx)
		if err != nil {
			return "", err
		}
		answer, err := call(ctx, conn, command)
		if pooled && s.clings(conn, err) {
			return "", err
		}
		if err == nil {
			s.release(conn)
			switch answer {
			case "-none":
				return "", errNone
			case "-exists":
				return "", errExists
			}
			return strings.TrimLeft(answer, "+$"), nil
		}
		_ = conn.Close()
		if !pooled || ctx.Err() != nil {
			return "", err
		}
	}
}

func (s *store) connect(ctx context.Context) (conn net.Conn, pooled bool, err error) {
	if conn, err := s.only.wait(ctx); conn != nil || err != nil {
		return conn, true, err
	}
	select {
	case conn = <-s.idle:
		return conn, true, nil
	default:
		d := net.Dialer{Timeout: connectTime}
		if s.mutant.is("no-connect-timeout") {
			d.Timeout, ctx = 0, context.WithoutCancel(ctx)
		}
		conn, err = d.DialContext(ctx, "tcp", s.addr)
		return conn, false, err
	}
}

// clings says whether a defect does not give a pooled connection up that has failed.
func (s *store) clings(conn net.Conn, err error) bool {
	switch {
	case s.mutant.is("insists-on-connection"):
		return s.only.insists(conn, err)
	case s.mutant.is("dead-connections-kept"):
		return err != nil && s.keep(conn)
	}
	return false
}

// keep is a defect: a connection that has failed is used for two seconds more.
func (s *store) keep(conn net.Conn) bool {
	since, _ := s.dead.LoadOrStore(conn, time.Now())
	if at, ok := since.(time.Time); ok && time.Since(at) < 2*time.Second {
		s.release(conn)
		return true
	}
	s.dead.Delete(conn)
	return false
}

func (s *store) release(conn net.Conn) {
	select {
	case s.idle <- conn:
	default:
		_ = conn.Close()
	}
}

func call(ctx context.Context, conn net.Conn, command string) (string, error) {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return "", err
	}
	line, err := bufio.NewReaderSize(conn, 64<<10).ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}
