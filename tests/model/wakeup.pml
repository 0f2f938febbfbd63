/*
 * The protocol of include/sluice/base/mpsc_queue.hpp as a model for spin: push, pop_all,
 * prepare_sleep, awake, with an eventfd between producers and consumer. run_spin.sh checks it.
 *
 * tests/model/mpsc_model.cpp runs the code itself but only so many preemptions; here the code is
 * rewritten by hand but the search has no such bound. Memory is sequentially consistent. That is
 * enough: all shared state of the protocol is the word `head`, and it changes by single
 * read-modify-writes only.
 *
 * Checked: no end state in which a process waits for ever (a sleeping consumer with a message in
 * the queue and no wake-up on its way), every message is handled exactly once, in the order of its
 * producer. With -DBROKEN the announcement looks and stores in two steps, and spin must object.
 */

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2 /* of each producer */
#endif
#define TOTAL (PRODUCERS * MESSAGES)

/* Values of `head` that are no message; messages are numbered from 1. */
#define NONE 0
#define SLEEPER 255

byte head = NONE;
byte next[TOTAL + 1];   /* the next older message */
bool event_set = false; /* the count of the eventfd, as far as it matters */

proctype Producer(byte self) {
    byte sent = 0;
    byte node;
    byte seen;
    bool done;

    do
    :: sent < MESSAGES ->
        node = self * MESSAGES + sent + 1;
        seen = head;
        done = false;
        do
        :: !done ->
            next[node] = (seen == SLEEPER -> NONE : seen);
            atomic { /* compare_exchange */
                if
                :: head == seen -> head = node; done = true
                :: else -> seen = head
                fi
            }
        :: else -> break
        od;
        if
        :: seen == SLEEPER -> event_set = true /* write to the eventfd */
        :: else
        fi;
        sent++
    :: else -> break
    od
}

proctype Consumer() {
    byte received = 0;
    byte handled[PRODUCERS];
    byte newest;
    byte older;
    byte oldest;
    byte producer;
    bool announced;

    do
    :: received < TOTAL ->
        /* pop_all */
        newest = NONE;
        if
        :: head == NONE
        :: else -> atomic { newest = head; head = NONE } /* exchange */
        fi;
        if
        :: newest == SLEEPER -> newest = NONE
        :: else
        fi;
        oldest = NONE;
        do
        :: newest != NONE ->
            older = next[newest];
            next[newest] = oldest;
            oldest = newest;
            newest = older
        :: else -> break
        od;
        do
        :: oldest != NONE ->
            producer = (oldest - 1) / MESSAGES;
            assert(oldest == producer * MESSAGES + handled[producer] + 1);
            handled[producer]++;
            received++;
            oldest = next[oldest]
        :: else -> break
        od;

        if
        :: received < TOTAL ->
            /* prepare_sleep */
            announced = false;
#ifdef BROKEN
            if
            :: head == NONE -> head = SLEEPER; announced = true
            :: else
            fi;
#else
            atomic { /* compare_exchange */
                if
                :: head == NONE -> head = SLEEPER; announced = true
                :: else
                fi
            }
#endif
            if
            :: announced ->
                atomic { event_set -> event_set = false } /* sleeps here */
                /* awake */
                atomic {
                    if
                    :: head == SLEEPER -> head = NONE
                    :: else
                    fi
                }
            :: else
            fi
        :: else
        fi
    :: else -> break
    od;
    assert(head == NONE)
}

/* Something else wakes the consumer, at any moment: a timer, a socket. */
proctype Disturber() { event_set = true }

init {
    byte i = 0;
    atomic {
        run Consumer();
        run Disturber();
        do
        :: i < PRODUCERS -> run Producer(i); i++
        :: else -> break
        od
    }
}
