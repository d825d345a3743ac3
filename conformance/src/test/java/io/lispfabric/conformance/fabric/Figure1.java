package io.lispfabric.conformance.fabric;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The fabric of draft-jain Figure 1: PoDs A to D, each with a Scale-Up mapping system of its own
 * ({@code up-A}) and four xTRs, of which 3 and 4 are pxTRs that also take part in the Scale-Out
 * mapping system ({@code out}); accelerators 1 to 8, two in each PoD, attached to xTRs 1 and 2.
 */
final class Figure1 {
    static final String PODS = "ABCD";

    final VirtualFabric fabric = new VirtualFabric();
    private final int[] segments;

    /** With segment 1 of addresses and segment 100 of AccIDs. */
    Figure1() {
        this(1);
    }

    /** With addresses in these segments. */
    Figure1(int... segments) {
        this.segments = segments.clone();
        var sites = new ArrayList<Site>();
        for (char pod : PODS.toCharArray()) {
            var site = site(pod, false, subnet(pod));
            var prefixes = new ArrayList<>(site.prefixes());
            prefixes.addAll(groups(pod));
            sites.add(new Site(site.name(), site.siteId(), site.keys(), prefixes, true));
        }
        fabric.server("out", new Sites(sites, true));
        for (char pod : PODS.toCharArray()) {
            fabric.server("up-" + pod, new Sites(List.of(scaleUpSite(pod)), true));
            for (int number = 1; number <= 4; number++) {
                xtr(pod, number);
            }
        }
    }

    /** {@code 40.0.0.0/16} for PoD D. */
    static String subnet(char pod) {
        return 10 * (PODS.indexOf(pod) + 1) + ".0.0.0/16";
    }

    private static SharedKey key(char pod) {
        var secret = new byte[16];
        secret[0] = (byte) pod;
        return SharedKey.of(1, Bytes.of(secret));
    }

    private Site site(char pod, boolean accelerators, String... prefixes) {
        var list = new ArrayList<SitePrefix>();
        for (var prefix : prefixes) {
            for (int segment : segments) {
                var iid = new InstanceId(segment);
                list.add(SitePrefix.parse(iid, prefix, accelerators, accelerators));
            }
        }
        return new Site("POD-" + pod, siteId(pod), List.of(key(pod)), list, true);
    }

    private Site scaleUpSite(char pod) {
        var site = site(pod, true, subnet(pod));
        var prefixes = new ArrayList<>(site.prefixes());
        prefixes.add(SitePrefix.petr(new InstanceId(1), "0.0.0.0/0"));
        prefixes.addAll(groups(pod));
        var names = "name:POD-" + pod + "-AccID-*";
        prefixes.add(SitePrefix.parse(new InstanceId(100), names, true, true));
        return new Site(site.name(), site.siteId(), site.keys(), prefixes, true);
    }

    /** Groups, everybody, and the names by which a site's xTRs agree who is designated. */
    private static List<SitePrefix> groups(char pod) {
        return Stream.of(
                        "group:239.0.0.0/8",
                        "group:255.255.255.255",
                        "name:members-" + siteId(pod),
                        "name:gateway-" + siteId(pod))
                .map(it -> SitePrefix.parse(new InstanceId(1), it, true, false))
                .toList();
    }

    static SiteId siteId(char pod) {
        return new SiteId(PODS.indexOf(pod) + 1);
    }

    private void xtr(char pod, int number) {
        boolean gateway = number >= 3;
        var xtr =
                fabric.xtr(
                                "" + pod + number,
                                "192.0.2." + (10 * (PODS.indexOf(pod) + 1) + number),
                                new XtrIdentity(new XtrId(0, number), siteId(pod)),
                                key(pod),
                                gateway)
                        .priority(number == 4 ? 2 : 1);
        var up = "up-" + pod;
        var server = fabric.server(up).address();
        if (gateway) {
            // Groups are of the PoD's own network; which are carried further is said elsewhere.
            var groups = Stream.of("[1]239.0.0.0/8", "[1]255.255.255.255/32");
            var own = Stream.concat(Stream.of(routes(subnet(pod))), groups);
            xtr.joins(up, server, own.toArray(String[]::new))
                    .joins("out", fabric.server("out").address(), "[1]0.0.0.0/0");
        } else {
            xtr.joins(up, server, routes("0.0.0.0/0"));
        }
    }

    /** The prefix in every segment, and all AccIDs. */
    private String[] routes(String prefix) {
        return Stream.concat(
                        Arrays.stream(segments).mapToObj(it -> "[" + it + "]" + prefix),
                        Stream.of("[100]*"))
                .toArray(String[]::new);
    }

    /** What every xTR does when it starts, and all accelerators but the one left out. */
    void start() {
        subscribe();
        for (char pod : PODS.toCharArray()) {
            gateways(pod);
            accelerators(pod);
        }
        fabric.run(Duration.ofSeconds(5));
    }

    /** All xTRs subscribe to their own PoD's subnet, and pxTRs to those of the others. */
    void subscribe() {
        for (char pod : PODS.toCharArray()) {
            for (int number = 1; number <= 4; number++) {
                var xtr = fabric.xtr("" + pod + number);
                xtr.subscribe("up-" + pod, "[1]" + subnet(pod));
                for (char other : PODS.toCharArray()) {
                    if (number >= 3 && other != pod) {
                        xtr.subscribe("out", "[1]" + subnet(other));
                    }
                }
            }
        }
    }

    /** The pxTRs of a PoD register its subnet in both systems, and themselves for all outside. */
    void gateways(char pod) {
        for (int number = 3; number <= 4; number++) {
            fabric.xtr("" + pod + number)
                    .register("out", "[1]" + subnet(pod))
                    .register("up-" + pod, "[1]" + subnet(pod), "[1]0.0.0.0/0");
        }
    }

    /** The two accelerators of a PoD are attached to its xTRs 1 and 2. */
    void accelerators(char pod) {
        int first = 2 * PODS.indexOf(pod) + 1;
        for (int accelerator = first; accelerator <= first + 1; accelerator++) {
            for (int number = 1; number <= 2; number++) {
                fabric.xtr("" + pod + number).attach("acc-" + accelerator, eids(pod, accelerator));
            }
        }
    }

    static char podOf(int accelerator) {
        return PODS.charAt((accelerator - 1) / 2);
    }

    static String address(int accelerator) {
        return subnet(podOf(accelerator)).replace("0/16", Integer.toString(accelerator));
    }

    /** An accelerator's address and its AccID. */
    static String[] eids(char pod, int accelerator) {
        return new String[] {
            "[1]" + address(accelerator), "[100]name:POD-" + pod + "-AccID-" + accelerator
        };
    }
}
