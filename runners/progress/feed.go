package progress

import "sync"

// A Feed hands events over to all who watch it, and never waits for them: what
// somebody has no room for is lost to that one, who is told how many there
// were. The zero value has no watchers; nil hears nothing. It is safe for
// concurrent use.
type Feed struct {
	mu       sync.Mutex
	state    State
	watchers map[*Watcher]bool
	closed   bool
}

// Tell hands over an event. It returns at once.
func (f *Feed) Tell(e Event) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.state.Add(e)
	for w := range f.watchers {
		w.offer(e)
	}
}

// State is what the events so far come to.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state.Clone()
}

// Watch begins to watch: all events from now on, of which so many wait for
// their reader.
func (f *Feed) Watch(room int) *Watcher {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan Event, max(room, 1))
	w := &Watcher{Events: c, events: c, feed: f}
	if f.closed {
		close(c)
		return w
	}
	if f.watchers == nil {
		f.watchers = map[*Watcher]bool{}
	}
	f.watchers[w] = true
	return w
}

// Close ends the feed: the channels of all watchers are closed behind what
// waits in them.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for w := range f.watchers {
		close(w.events)
	}
	f.watchers = nil
}

// A Watcher is somebody who watches a Feed.
type Watcher struct {
	Events <-chan Event // closed at the end of the feed, or of the watching
	events chan Event
	feed   *Feed
	lost   int // since the last event that had room; the feed guards it
}

func (w *Watcher) offer(e Event) {
	e.Lost = w.lost
	select {
	case w.events <- e:
		w.lost = 0
	default:
		w.lost++
	}
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	if w.feed.watchers[w] {
		delete(w.feed.watchers, w)
		close(w.events)
	}
}
