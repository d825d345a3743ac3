package io.lispfabric.conformance.blackbox;

import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Order;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Result.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** All cases, and one run of some of them against one peer. */
public final class Suite implements AutoCloseable {
    private static final int BLOCKS = 256;

    private final Setup setup;
    private final Network network;
    private final Nonces nonces;
    private final Map<Need, Optional<String>> found = new EnumMap<>(Need.class);
    private volatile boolean registers;
    private int blocks;

    private Suite(Setup setup, Network network, Nonces nonces) {
        this.setup = setup;
        this.network = network;
        this.nonces = nonces;
    }

    /** Every case there is, in the order of the list. */
    public static List<Case> cases() {
        var all = new ArrayList<Case>();
        all.addAll(RegisterCases.all());
        all.addAll(KeyCases.all());
        all.addAll(RecordCases.all());
        all.addAll(MergeCases.all());
        all.addAll(RequestCases.all());
        all.addAll(AnswerCases.all());
        all.addAll(HoleCases.all());
        all.addAll(LispSecCases.all());
        all.addAll(PubSubCases.all());
        return List.copyOf(all);
    }

    /**
     * Opens the sockets.
     *
     * @throws IOException when the address to send from is not ours
     */
    public static Suite open(Setup setup, InstantSource clock) throws IOException {
        return new Suite(setup, Network.open(setup), new Nonces(clock));
    }

    /**
     * Whether the peer answers anything at all, which is why nothing else is worth a try.
     *
     * @return what was missed; empty when it answers
     */
    public Optional<String> unreachable() {
        return lacking(Need.ANSWERS);
    }

    /**
     * Runs cases, several at a time where that is safe, and hands over each result as it comes.
     *
     * @return the results in the order of the cases
     */
    public List<Result> run(List<Case> cases, int together, Consumer<Result> heard)
            throws InterruptedException {
        var results = new EnumMap<Order, List<Result>>(Order.class);
        // What is needed is found out first, one after the other.
        registers = setup.secret().isPresent() && lacking(Need.REGISTERS).isEmpty();
        cases.stream()
                .flatMap(it -> it.needs().stream())
                .distinct()
                .sorted()
                .forEach(this::lacking);
        for (var order : Order.values()) {
            var these = cases.stream().filter(it -> it.order() == order).toList();
            results.put(order, run(these, order == Order.TOGETHER ? together : 1, heard, order));
        }
        var all = results.values().stream().flatMap(List::stream).toList();
        return cases.stream()
                .flatMap(it -> all.stream().filter(result -> result.test().equals(it)))
                .toList();
    }

    private List<Result> run(List<Case> cases, int together, Consumer<Result> heard, Order order)
            throws InterruptedException {
        try (var threads =
                Executors.newFixedThreadPool(
                        together,
                        Thread.ofPlatform().name("conform-" + order + "-", 0).factory())) {
            var waiting =
                    cases.stream()
                            .map(it -> threads.submit((Callable<Result>) () -> run(it, heard)))
                            .toList();
            var results = new ArrayList<Result>();
            for (var result : waiting) {
                results.add(result.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a case did not end", e.getCause());
        }
    }

    private Result run(Case test, Consumer<Result> heard) {
        var result = result(test);
        synchronized (this) {
            heard.accept(result);
        }
        return result;
    }

    private Result result(Case test) {
        for (var need : test.needs().stream().sorted().toList()) {
            var lacking = lacking(need);
            if (lacking.isPresent()) {
                return new Result(
                        test,
                        Verdict.SKIP,
                        need.lack() + " (" + lacking.get() + ")",
                        List.of(),
                        Duration.ZERO);
            }
        }
        long begin = System.nanoTime();
        try (var talk = talk()) {
            try {
                test.body().run(talk);
                return new Result(test, Verdict.PASS, "", talk.steps(), since(begin));
            } catch (Outcome e) {
                return new Result(
                        test,
                        e.verdict,
                        String.valueOf(e.getMessage()),
                        talk.steps(),
                        since(begin));
            }
        } catch (IOException e) {
            return new Result(
                    test, Verdict.FAIL, "no socket: " + e.getMessage(), List.of(), since(begin));
        }
    }

    private static Duration since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    private synchronized Talk talk() throws IOException {
        return new Talk(setup, network, nonces, blocks++ % BLOCKS, registers);
    }

    /** Why the peer, or this side, has not got it; found out once. */
    private Optional<String> lacking(Need need) {
        synchronized (found) {
            var known = found.get(need);
            if (known == null) {
                known = tried(need);
                found.put(need, known);
            }
            return known;
        }
    }

    private Optional<String> tried(Need need) {
        try (var talk = talk()) {
            try {
                probe(need, talk);
                return Optional.empty();
            } catch (Outcome e) {
                return Optional.of(String.valueOf(e.getMessage()));
            }
        } catch (IOException e) {
            return Optional.of("no socket: " + e.getMessage());
        }
    }

    private void probe(Need need, Talk talk) throws Outcome {
        switch (need) {
            case ANSWERS -> talk.ask(setup.outside().host(1));
            case REGISTERS ->
                    talk.register(talk.xtr().register(MappingOctets.of(talk.ipv4(), "192.0.2.1")));
            case BARE -> {
                var eid = setup.outside().host(1);
                talk.ask("bare Map-Request", talk.question(eid), eid, false);
            }
            case IPV6 ->
                    talk.register(talk.xtr().register(MappingOctets.of(talk.ipv6(), "192.0.2.1")));
            case MACS ->
                    talk.register(talk.xtr().register(MappingOctets.of(talk.mac(1), "192.0.2.1")));
            case NAMES ->
                    talk.register(talk.xtr().register(MappingOctets.of(talk.name(), "192.0.2.1")));
            case SECOND_KEY ->
                    talk.register(
                            talk.xtr().register(MappingOctets.of(talk.ipv4(), "192.0.2.1")),
                            talk.secondKey());
            case OTHER_SITE -> talk.otherSite();
            case LISP_SEC -> LispSecCases.ask(talk, setup.outside().host(1), talk.oneTimeKey());
            case TIME ->
                    Talk.check(
                            setup.more().slow(),
                            "some cases take minutes: say --slow to have them");
            case MERGES -> {
                MergeCases.join(talk, talk.xtr(), "192.0.2.1");
                var notify = MergeCases.join(talk, talk.xtr(), "192.0.2.2");
                Talk.check(
                        Talk.only(notify).locators().size() == 2,
                        "two xTRs with the merge-request bit, and the Map-Notify has "
                                + Talk.only(notify).addresses());
            }
            case PUBSUB -> pubsub(talk);
            case CONTROL_PORT ->
                    Talk.check(
                            network.hasControlPort(),
                            "port 4342 of "
                                    + network.local().getHostAddress()
                                    + " cannot be bound");
            case LOOPBACK ->
                    Talk.check(
                            network.local().isLoopbackAddress() && talk.local().afi() == 1,
                            "we send from " + network.local().getHostAddress());
        }
    }

    private static void pubsub(Talk talk) throws Outcome {
        talk.register(talk.xtr().register(MappingOctets.of(talk.ipv4(), "192.0.2.1")));
        var xtr = talk.xtr();
        long nonce = talk.nonce();
        talk.send(
                "subscription",
                talk.ecm(
                        new RequestOctets()
                                .ask(talk.ipv4(), 0x80)
                                .itr(talk.local())
                                .ids(xtr.id(), xtr.siteId())
                                .encoded(nonce),
                        talk.ipv4()));
        var answer = talk.expect("answer to a subscription", it -> it.nonce() == nonce);
        Talk.check(
                answer.type() == Heard.NOTIFY,
                "a subscription is answered by a " + answer + ", as RFC 9437 §6 allows");
        talk.acknowledge(answer, talk.secret());
    }

    @Override
    public void close() {
        network.close();
    }
}
