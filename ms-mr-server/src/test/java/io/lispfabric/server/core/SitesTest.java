package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.accelerators;
import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.plain;
import static io.lispfabric.server.core.Fixture.site;
import static io.lispfabric.server.core.Fixture.sites;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SitesTest {
    @Rfc("9301 §8.2")
    @Rfc("9301 §9")
    @Test
    void aSiteMayRegisterJustWhatItIsConfiguredFor() {
        var exact = SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", false, false);
        var site = site("POD-D", 4, exact, plain("41.0.0.0/16"), plain("name:POD-D-*"));

        assertThat(site.refusal(eid("40.0.0.0/16"))).isEmpty();
        assertThat(site.refusal(eid("40.0.0.7/32"))).hasValue(Refusal.TOO_SPECIFIC);
        assertThat(site.refusal(eid("41.0.0.7/32"))).isEmpty();
        assertThat(site.refusal(eid("41.0.0.0/15"))).hasValue(Refusal.NOT_OF_SITE);
        assertThat(site.refusal(eid("[2]40.0.0.0/16"))).hasValue(Refusal.NOT_OF_SITE);
        assertThat(site.refusal(eid("name:POD-D-AccID-7"))).isEmpty();
        assertThat(site.refusal(eid("name:POD-E-AccID-7"))).hasValue(Refusal.NOT_OF_SITE);
        assertThat(site("POD-X", 5).refusal(eid("40.0.0.0/16"))).hasValue(Refusal.NOT_OF_SITE);
    }

    @Rfc("9301 §8.2")
    @Test
    void aSiteMayUseJustTheRlocsItIsConfiguredFor() {
        var pod =
                new Site(
                        "POD-D",
                        new SiteId(4),
                        List.of(SharedKey.of(1, Bytes.of(new byte[16]))),
                        List.of(plain("40.0.0.0/16")),
                        true,
                        List.of(EidPrefix.parse("192.0.2.0/25"), EidPrefix.parse("2001:db8::/32")),
                        false,
                        false);

        assertThat(pod.mayUse(Rloc.of("192.0.2.127"))).isTrue();
        assertThat(pod.mayUse(Rloc.of("192.0.2.128"))).isFalse();
        assertThat(pod.mayUse(Rloc.of("2001:db8::1"))).isTrue();
        assertThat(pod.mayUse(Rloc.of("2001:db9::1"))).isFalse();
        assertThat(pod.mayUse(new Rloc(new LispAddress.Name("rack-7")))).isTrue();
        assertThat(site("POD-X", 5).mayUse(Rloc.of("2001:db9::1"))).isTrue();
    }

    @Rfc("9301 §5.6")
    @Test
    void credentialsOfAKeyThatIsNotInUseAnyMoreAreReplaced() {
        var any = Bytes.of(new byte[32]);
        var first = SharedKey.of(1, any);
        var second = new SharedKey(2, any, EnumSet.of(Algorithm.HMAC_SHA256_128), true, false);
        var pod = new Site("POD-D", new SiteId(4), List.of(first, second), List.of(), true);
        var old = new Credentials("POD-D", 2, 2, 32, 24);

        assertThat(pod.live(old)).isEqualTo(old);
        assertThat(pod.live(new Credentials("POD-D", 2, 3, 16, 24)))
                .as("an algorithm that key 2 does not allow")
                .isEqualTo(new Credentials("POD-D", 1, 3, 16, 24));
        assertThat(pod.live(new Credentials("POD-D", 9, 3, 16, 24)))
                .isEqualTo(new Credentials("POD-D", 1, 3, 16, 24));
    }

    @Rfc("9301 §5.6")
    @Test
    void theNonceIsTheKeysWhereTheMacLeavesOutTheXtrId() {
        var any = Bytes.of(new byte[32]);
        var whole = SharedKey.of(1, any);
        var bare = new SharedKey(2, any, whole.algorithms(), false, false, true);
        var pod = new Site("POD-D", new SiteId(4), List.of(whole, bare), List.of(), true);
        var random = new Site("POD-E", new SiteId(5), List.of(whole, bare), List.of(), false);

        assertThat(pod.nonceCheck(whole)).isEqualTo(NonceCheck.PER_XTR);
        assertThat(pod.nonceCheck(bare)).isEqualTo(NonceCheck.PER_KEY);
        assertThat(random.nonceCheck(bare)).isEqualTo(NonceCheck.NONE);
    }

    @Rfc("R-020")
    @Rfc("R-022")
    @ParameterizedTest
    @CsvSource({
        "40.0.0.0/16, 40.0.0.0/16",
        "40.0.0.0/8, 40.1.0.0/16",
        "40.1.0.0/16, 40.0.0.0/8",
        "name:POD-*, name:POD-D-*",
        "name:POD-D-*, name:POD-D-AccID-7",
        "name:POD-D-AccID-7, name:POD-D-*",
    })
    void noTwoSitesMayClaimTheSameEids(String one, String other) {
        var a = site("POD-A", 1, plain(one));
        var b = site("POD-B", 2, plain(other));

        assertThatThrownBy(() -> new Sites(List.of(a, b), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("POD-A")
                .hasMessageContaining("POD-B");
    }

    @Rfc("R-022")
    @Test
    void theSameAddressesInTwoSegmentsAreDifferentEids() {
        var other = SitePrefix.parse(new InstanceId(2), "40.0.0.0/16", true, false);

        assertThat(
                        new Sites(
                                        List.of(
                                                site("POD-A", 1, plain("40.0.0.0/16")),
                                                site("POD-B", 2, other)),
                                        false)
                                .sites())
                .hasSize(2);
    }

    @Test
    void theMostSpecificConfiguredPrefixDecides() {
        var sites =
                sites(
                        plain("40.0.0.0/8"),
                        accelerators("40.0.0.0/16"),
                        plain("name:POD-*"),
                        accelerators("name:POD-D-*"),
                        plain("name:POD-D-spare"));

        assertThat(sites.configured(eid("40.0.0.7"))).contains(accelerators("40.0.0.0/16"));
        assertThat(sites.configured(eid("40.1.0.7"))).contains(plain("40.0.0.0/8"));
        assertThat(sites.configured(eid("name:POD-D-7"))).contains(accelerators("name:POD-D-*"));
        assertThat(sites.configured(eid("name:POD-E-7"))).contains(plain("name:POD-*"));
        assertThat(sites.configured(eid("name:POD-D-spare"))).contains(plain("name:POD-D-spare"));
        assertThat(sites.configured(eid("50.0.0.7"))).isEmpty();
    }

    @Rfc("R-037")
    @Test
    void inASpaceOfAcceleratorsOnlyLongerPrefixesAreAnAnswer() {
        var sites = sites(accelerators("40.0.0.0/16"), plain("41.0.0.0/16"));

        assertThat(sites.leastLength(eid("40.0.0.7"))).isEqualTo(17);
        assertThat(sites.leastLength(eid("40.0.0.0/16"))).isZero();
        assertThat(sites.leastLength(eid("40.0.0.0/8"))).isZero();
        assertThat(sites.leastLength(eid("41.0.0.7"))).isZero();
    }

    /** They are found by their bits; here by asking each whether it covers the EID, or is in it. */
    @Test
    void whatIsFoundByBitsIsWhatAScanFinds() {
        var random = new Random(8);
        for (int run = 0; run < 300; run++) {
            var prefixes = new ArrayList<SitePrefix>();
            for (int i = random.nextInt(8); i > 0; i--) {
                prefixes.add(
                        SitePrefix.parse(
                                new InstanceId(random.nextInt(2)), any(random, true), true, false));
            }
            var others = new ArrayList<Elsewhere>();
            for (int i = random.nextInt(4); i > 0; i--) {
                var prefix =
                        SitePrefix.parse(
                                new InstanceId(random.nextInt(2)), any(random, true), true, false);
                if (others.stream().noneMatch(it -> it.prefix().equals(prefix))
                        && prefixes.stream().noneMatch(prefix::equals)) {
                    others.add(new Elsewhere(prefix, List.of(SERVER)));
                }
            }
            prefixes.add(SitePrefix.petr(new InstanceId(1), "0.0.0.0/0"));
            var sites =
                    new Sites(
                            List.of(site("A", 1, prefixes.toArray(SitePrefix[]::new))),
                            false,
                            others);
            for (int i = 0; i < 40; i++) {
                check(sites, prefixes, Eid.of(random.nextInt(2), any(random, false)));
            }
        }
    }

    /** An (S,G) is no prefix of another, so a site's groups are found by the group alone. */
    @Test
    void groupsAreFoundByTheGroupWhateverTheSource() {
        var wide = SitePrefix.parse(new InstanceId(1), "group:239.0.0.0/8", true, false);
        var narrow = SitePrefix.parse(new InstanceId(1), "group:239.1.0.0/16", true, true);
        var place = SitePrefix.parse(new InstanceId(1), "0.0.0.0/0", true, false);
        var sites = new Sites(List.of(site("A", 1, place, wide, narrow)), true);

        assertThat(sites.configured(Eid.of(1, "(10.0.0.1,239.1.2.3)"))).contains(narrow);
        assertThat(sites.configured(Eid.of(1, "(*,239.2.2.3)"))).contains(wide);
        assertThat(sites.configured(Eid.of(1, "(*,238.2.2.3)"))).isEmpty();
        assertThat(sites.configured(Eid.of(2, "(*,239.2.2.3)"))).isEmpty();
        assertThat(sites.configured(Eid.of(1, "239.1.2.3"))).contains(place);
    }

    private static final Elsewhere.Server SERVER =
            new Elsewhere.Server(LispAddress.Ip.parse("192.0.2.9"), 4342);

    /** Few bits, so that many lie in others. */
    private static String any(Random random, boolean starts) {
        return switch (random.nextInt(starts ? 5 : 4)) {
            case 0 -> "name:" + "ABAB".substring(random.nextInt(3));
            case 1 -> "mac:02:00:00:00:00:00/" + random.nextInt(49);
            case 2 -> "2001:db8::" + random.nextInt(4) + "/" + random.nextInt(129);
            case 3 -> "40.0.0." + random.nextInt(8) + "/" + (24 + random.nextInt(9));
            default -> "name:" + "ABAB".substring(0, random.nextInt(4)) + "*";
        };
    }

    private static void check(Sites sites, List<SitePrefix> prefixes, Eid eid) {
        var expected = prefixes.stream().filter(it -> !it.petr()).toList();
        int length = -1;
        int clear = 0;
        boolean within = false;
        for (var it : expected) {
            int own = length(it);
            if (it.covers(eid)) {
                length = Math.max(length, own);
                clear = Math.max(clear, own);
            } else if (it.iid().equals(eid.iid()) && it.prefix().isPresent()) {
                var inside = new Eid(it.iid(), it.prefix().get());
                within |= eid.covers(inside);
                int common = BitKey.of(inside).common(BitKey.of(eid)) - BitKey.EID_HEADER;
                clear = Math.max(clear, Math.min(eid.prefix().length(), common + 1));
            }
        }
        int here = length;
        assertThat(sites.configured(eid).map(it -> it.covers(eid)))
                .isNotEqualTo(Optional.of(false));
        assertThat(sites.configured(eid).map(SitesTest::length).orElse(-1)).isEqualTo(length);
        assertThat(sites.elsewhere(eid))
                .isEqualTo(
                        sites.elsewhere().stream()
                                .filter(it -> it.prefix().covers(eid))
                                .filter(it -> length(it.prefix()) > here)
                                .max(Comparator.comparingInt(it -> length(it.prefix()))));
        if (eid.prefix().family() != EidPrefix.Family.NAME) {
            // Of names no block is clear but the name itself.
            assertThat(sites.clearOfConfigured(eid)).as("%s", eid).isEqualTo(clear);
            assertThat(sites.hasWithin(eid)).as("%s", eid).isEqualTo(within);
        }
    }

    private static int length(SitePrefix it) {
        return it.bits().length() - BitKey.EID_HEADER;
    }
}
