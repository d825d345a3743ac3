package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.eid;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.MappingRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The whole cluster with xTRs around it, in virtual time: see {@link ClusterSim}. */
class ClusterSimTest {
    private static final Eid POD = eid("40.0.0.0/16");
    private static final Eid EVERYTHING = eid("0.0.0.0/0");
    private static final Eid OUTSIDE = eid("50.0.0.1/32");
    private static final int XTRS = 6;
    private static final int ACCELERATORS = 5;

    /**
     * Shorter than the patience of retransmission (RFC 9301 §5.7), so that all that was said in it
     * is said again after it.
     */
    private static final int FAULTY_SECONDS = 40;

    /** Longer than a silent xTR's registrations last, and then some for the retransmissions. */
    private static final int QUIET_SECONDS = 420;

    /**
     * The same runs every time, so that a build says something about the change it builds; {@code
     * -Dsim.seed=N -Dsim.runs=N} are others, and more.
     */
    @Rfc("9437 §6")
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    @Rfc("R-063")
    @Rfc("R-079")
    @Rfc("R-096")
    @Test
    void everySubscriberAndEveryGroupLearnsTheLastLocatorSet() {
        var random = new Random(Long.getLong("sim.seed", 1));
        for (int run = 0; run < Integer.getInteger("sim.runs", 200); run++) {
            long seed = random.nextLong();
            var faults =
                    new ClusterSim.Faults(
                            random.nextInt(41),
                            random.nextInt(31),
                            1 + random.nextInt(2_000),
                            1_000 + random.nextInt(29_000));
            try {
                everybodyLearnsTheLastLocatorSet(seed, faults);
            } catch (AssertionError e) {
                throw new AssertionError(
                        "run " + run + ", seed " + seed + ", " + faults + ": " + e.getMessage(), e);
            }
        }
    }

    private static void everybodyLearnsTheLastLocatorSet(long seed, ClusterSim.Faults faults) {
        var sim = ClusterSim.of(seed, XTRS, faults);
        sim.xtrs().getFirst().register(POD, 100);
        sim.xtrs().get(4).subscribe(POD);
        sim.xtrs().get(4).subscribe(OUTSIDE);
        sim.xtrs().get(5).subscribe(OUTSIDE);
        sim.xtrs().get(5).subscribe(accelerator(0));
        sim.xtrs().get(5).subscribe(accelerator(1));
        sim.xtrs().get(3).subscribe(accelerator(0));

        for (int second = 0; second < FAULTY_SECONDS; second++) {
            move(sim);
            sim.run(1);
        }
        sim.heal();
        sim.run(QUIET_SECONDS);
        // A subscription to nothing has just ended now and then, and is being asked for again.
        for (int i = 0; i < 5 && !sim.xtrs().stream().allMatch(ClusterSimTest::isSettled); i++) {
            sim.run(1);
        }

        sim.allCaughtUp();
        var truth = new HashMap<Eid, MappingRecord>();
        sim.committed()
                .mappings()
                .forEach((_, mapping) -> truth.put(mapping.eid(), mapping.record()));
        for (var xtr : sim.xtrs()) {
            if (xtr.alive()) {
                for (var eid : xtr.wanted()) {
                    assertThat(xtr.isSubscribedTo(eid))
                            .as("%s is subscribed to %s", xtr.address(), eid)
                            .isTrue();
                }
                var expected = new HashMap<>(truth);
                expected.keySet().removeIf(eid -> !xtr.isSubscribedTo(eid));
                expected.putAll(outside(sim.committed(), xtr));
                assertThat(text(xtr.cache()))
                        .as("map-cache of %s", xtr.address())
                        .isEqualTo(text(expected));
                expected.clear();
                expected.putAll(truth);
                expected.keySet().retainAll(xtr.group().keySet());
                assertThat(text(xtr.group()))
                        .as("groups of %s", xtr.address())
                        .isEqualTo(text(expected));
            }
        }
        assertThat(truth).containsKey(POD);
    }

    private static boolean isSettled(SimXtr xtr) {
        return !xtr.alive() || xtr.wanted().stream().allMatch(xtr::isSubscribedTo);
    }

    /** What the pETRs say about what the xTR asked for and nobody has registered. */
    private static Map<Eid, MappingRecord> outside(MappingSystem state, SimXtr xtr) {
        var told = new HashMap<Eid, MappingRecord>();
        for (var listener : state.subscriptions()) {
            if (listener.id() instanceof ListenerId.Subscriber(var prefix, var who)
                    && who.equals(xtr.ids())) {
                var record = state.record(listener.id(), prefix);
                if (!record.isNegative()) {
                    told.put(prefix, record);
                }
            }
        }
        return told;
    }

    private static String text(Map<Eid, MappingRecord> mappings) {
        return mappings.values().stream()
                .map(record ->
                        record.eid()
                                + record.locators().stream()
                                        .map(it -> " " + it.rloc() + " weight " + it.weight())
                                        .collect(Collectors.joining(",")))
                .sorted()
                .collect(Collectors.joining("\n"));
    }

    private static Eid accelerator(int number) {
        return eid("40.0.0." + (number + 1) + "/32");
    }

    /** Accelerators come, go and change their weight; seldom, an xTR fails. */
    private static void move(ClusterSim sim) {
        var random = sim.random();
        var eid = accelerator(random.nextInt(ACCELERATORS));
        var xtr = sim.xtrs().get(random.nextInt(XTRS));
        switch (random.nextInt(9)) {
            case 0, 1, 2, 3 -> xtr.register(eid, random.nextInt(100));
            case 4, 5 -> xtr.withdraw(eid);
            case 6 -> sim.xtrs().getFirst().register(POD, random.nextInt(100));
            case 7 -> {
                // The two pETRs come and go.
                var petr = sim.xtrs().get(3 * random.nextInt(2));
                if (random.nextInt(3) == 0) {
                    petr.withdraw(EVERYTHING);
                } else {
                    petr.register(EVERYTHING, random.nextInt(100));
                }
            }
            default -> {
                // xTRs 1 and 2 subscribe to nothing: what they leave must expire for the others.
                if (random.nextInt(4) == 0) {
                    sim.xtrs().get(1 + random.nextInt(2)).crash();
                }
            }
        }
    }
}
