package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Policies;
import io.lispfabric.server.core.Refusal;
import io.lispfabric.server.core.Room;
import io.lispfabric.server.core.Segment;
import io.lispfabric.server.core.Segments;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.app.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator writes, and what comes of it. */
class ServerConfigTest {
    private static final String SITE =
            """
            sites:
              - name: pod-d
                site-id: 4
                keys: [ { id: 1, secret-file: key } ]
            """;

    @TempDir Path folder;

    private ServerConfig config(String text) throws IOException, ConfigException {
        Files.writeString(folder.resolve("key"), "0123456789abcdef");
        return ServerConfig.load(Files.writeString(folder.resolve("ms.yaml"), text));
    }

    @Test
    void whatIsNotSetHasItsDefault() throws IOException, ConfigException {
        var config = config(SITE);
        assertThat(config.subscriptions()).isEqualTo(ServerConfig.Subscriptions.DEFAULT);
        var site = config.sites().sites().getFirst();
        assertThat(site.rlocs()).isEmpty();
        assertThat(site.notifyXtrId()).isFalse();
        assertThat(site.answerDuplicates()).isFalse();
        assertThat(site.keys().getFirst().recordsOnly()).isFalse();
    }

    @Test
    void aSiteIsReadWhole() throws IOException, ConfigException {
        var site =
                config(
                                """
                                subscriptions: { after-withdrawal: 5m }
                                sites:
                                  - name: pod-d
                                    keys:
                                      - { id: 1, secret-file: key, mac-coverage: records }
                                    rlocs: [ 10.9.0.0/16, "2001:db8::/32" ]
                                    notify-xtr-id: true
                                    answer-duplicates: true
                                """)
                        .sites()
                        .sites()
                        .getFirst();
        assertThat(site.rlocs())
                .containsExactly(EidPrefix.parse("10.9.0.0/16"), EidPrefix.parse("2001:db8::/32"));
        assertThat(site.notifyXtrId()).isTrue();
        assertThat(site.answerDuplicates()).isTrue();
        assertThat(site.keys().getFirst().recordsOnly()).isTrue();
    }

    @Test
    void anEidPrefixThatIsGoneHasSubscribersForATimeThatIsSet()
            throws IOException, ConfigException {
        assertThat(config("subscriptions: { after-withdrawal: 5m }").subscriptions().bereaved())
                .isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void howOftenMembersCompareAndAnEidIsRegisteredIsReadAndHasDefaults()
            throws IOException, ConfigException {
        var config =
                config(
                        """
                        cluster: { stale-after: 1s, state-check: 0s }
                        registrations: { repeats-per-second: 7 }
                        """);
        assertThat(config.staleAfter()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.stateCheck()).isZero();
        assertThat(config.registrations().repeatsPerSecond()).isEqualTo(7);

        var unless = config(SITE);
        assertThat(unless.staleAfter()).isEqualTo(Duration.ofSeconds(5));
        assertThat(unless.stateCheck()).isEqualTo(Duration.ofMinutes(10));
        assertThat(unless.registrations().repeatsPerSecond()).isEqualTo(100);
    }

    @Test
    @Rfc("9437 §5")
    void policiesAndSubscriptionsOfTheOperatorAreReadWhole() throws IOException, ConfigException {
        var config =
                config(
                        """
                        refuse:
                          - { sources: [ 198.51.100.0/24 ], iids: [ 7 ], subscriptions-only: true }
                          - { xtr-ids: [ 0a01 ], site-ids: [ 4 ] }
                        subscriptions:
                          most-unconfirmed: 1
                          most-per-xtr: 2
                          most: 3
                          notifies-per-second: 4
                          configured:
                            - { xtr-id: 0a01, site-id: 4, iid: 1, prefix: 40.0.0.0/16,
                                itr-rlocs: [ 192.0.2.11 ], nonce: 18446744073709551615,
                                may-change: false }
                        """
                                + SITE);
        assertThat(config.policies().refusals())
                .containsExactly(
                        new Policies.Refusal(
                                List.of(EidPrefix.parse("198.51.100.0/24")),
                                Set.of(),
                                Set.of(),
                                Set.of(new InstanceId(7)),
                                true),
                        new Policies.Refusal(
                                List.of(),
                                Set.of(new XtrId(0, 0xa01)),
                                Set.of(new SiteId(4)),
                                Set.of(),
                                false));
        var subscriptions = config.subscriptions();
        assertThat(subscriptions.room()).isEqualTo(new Room(1, 2, 3));
        assertThat(subscriptions.notifiesPerSecond()).isEqualTo(4);
        assertThat(subscriptions.configured())
                .containsExactly(
                        new ServerConfig.Configured(
                                new Explicit(
                                        new ListenerId.Subscriber(
                                                Eid.of(1, "40.0.0.0/16"),
                                                new XtrIdentity(
                                                        new XtrId(0, 0xa01), new SiteId(4))),
                                        new Contact(
                                                new Credentials("pod-d", 1, 3, 16),
                                                List.of(Ip.parse("192.0.2.11")),
                                                4342),
                                        new Nonce(-1)),
                                false));
    }

    @Rfc("R-003")
    @Rfc("R-009")
    @Rfc("R-054")
    @Rfc("R-055")
    @Rfc("R-056")
    @Rfc("R-057")
    @Test
    void segmentsAndInccGroupsAreRead() throws IOException, ConfigException {
        var segments =
                config(
                                """
                                domain: scale-up
                                segments:
                                  - { iid: 1, name: training, domain: scale-out, incc-domain: blue }
                                  - { iid: 100, name: pod-d, domain: scale-up, unknown-eids: drop }
                                  - { iid: 200, name: seven, domain: scale-up, incc-group: reduce-7 }
                                incc-groups:
                                  - { name: ring, incc-domain: blue, members: [ 40.0.0.7 ] }
                                  - name: reduce-7
                                    collectives: [ all-reduce, broadcast, gather, scatter, all-to-all ]
                                    members: [ "name:POD-D-AccID-7", "name:POD-D-AccID-8" ]
                                """)
                        .sites()
                        .segments();

        assertThat(segments.segments()).hasSize(3);
        assertThat(segments.served()).containsExactly(Segment.Domain.SCALE_UP);
        assertThat(segments.serves(new InstanceId(100))).isTrue();
        assertThat(segments.serves(new InstanceId(1))).isFalse();
        assertThat(segments.groups(new InstanceId(1)).getFirst().name()).isEqualTo("ring");
        var reduce = segments.groups(new InstanceId(200)).getFirst();
        assertThat(reduce.collectives()).hasSize(5);
        assertThat(reduce.members()).hasSize(2);
    }

    @Rfc("R-003")
    @Test
    void withoutAWordADomainIsHybridAndSegmentsAreAny() throws IOException, ConfigException {
        assertThat(config(SITE).sites().segments()).isEqualTo(Segments.ANY);
        assertThat(config(SITE).sites().actionForUnknown()).isFalse();
    }

    @Rfc("R-044")
    @Test
    void whoMayStandForWhatIsOutsideIsSaidOnPurpose() throws IOException, ConfigException {
        var eid = Eid.of(1, "0.0.0.0/0");
        var text =
                """
                sites:
                  - name: pod-d
                    keys: [ { secret-file: key } ]
                    prefixes: [ { iid: 1, prefix: 0.0.0.0/0, %s: true } ]
                """;
        var petr = config(text.formatted("petr")).sites().sites().getFirst();
        var other = config(text.formatted("accept-more-specifics")).sites().sites().getFirst();

        assertThat(petr.refusal(eid)).isEmpty();
        assertThat(petr.refusal(Eid.of(1, "10.0.0.0/8"))).hasValue(Refusal.NOT_OF_SITE);
        assertThat(other.refusal(eid)).hasValue(Refusal.NOT_OF_SITE);
        assertThat(other.refusal(Eid.of(1, "10.0.0.0/8"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sites: [ { name: a } ] | keys: a site needs at least one key",
                "cluster: { peers: [ { id: ms-0, address: 10.0.0.1 }, { id: ms-0, address: 10.0.0.2 } ] }"
                        + " | id: is another peer's already: ms-0",
                "cluster: { peers: [ { id: ms-0, address: 10.0.0.1 }, { id: ms-1, address: 10.0.0.1 } ] }"
                        + " | address: is that of peer ms-0 already",
                "lisp: { listen: 224.0.0.1 } | listen: must be an address of this host, not a group's",
                "lisp: { listen: '127.0.0.1:4341' } | listen: port 4341 is that of the data plane",
                "sites: [ { name: a, keys: [ { secret-file: key } ],"
                        + " prefixes: [ { prefix: 10.0.0.0/8 }, { prefix: 10.0.0.0/8, accept-more-specifics: true } ] } ]"
                        + " | prefix: is there twice: [0]10.0.0.0/8",
                "sites: [ { name: a, keys: [ { secret-file: key } ], prefixes: [ { prefix: 10.0.0.1/8 } ] } ]"
                        + " | prefix: has bits behind its length; 10.0.0.0/8 has not: '10.0.0.1/8'",
                "segments: [ { iid: 1, name: a, domain: up } ]"
                        + " | domain: must be scale-up or scale-out, not 'up'",
                "segments: [ { name: a, domain: scale-up } ] | iid: is missing",
                "data: key | data: must be a folder, and ",
                "registration-timeout: 99999999999h | registration-timeout: must be at most 36500d",
                "registration-timeout: 999999999d | registration-timeout: must be at most 36500d",
                "registrations: { most: 0 } | most: must be",
                "registrations: { repeats-per-second: 0 } | repeats-per-second: must be",
                "cluster: { stale-after: 999ms } | stale-after: must be at least 1s",
                "cluster: { state-check: 999ms } | state-check: must be at least 1s, or 0s",
                "domain: both | domain: must be scale-up, scale-out or hybrid, not 'both'",
                "segments: [ { iid: 1, name: a, domain: scale-up },"
                        + " { iid: 1, name: b, domain: scale-up } ]"
                        + " | two segments have Instance ID 1",
                "incc-groups: [ { name: a, collectives: [ sum ] } ] | a collective is all-reduce",
                "sites: [ { name: a, keys: [ { secret-file: key } ],"
                        + " prefixes: [ { prefix: 10.0.0.0/8, petr: true } ] } ]"
                        + " | a pETR registers 0.0.0.0/0",
                "subscriptions: { after-withdrawal: 0s } | after-withdrawal: must be at least 1m",
                "role: server | role: must be both, map-server or map-resolver, not 'server'",
                "{ role: map-resolver, sites: [ { name: a, keys: [ { secret-file: key } ] } ] }"
                        + " | sites: nothing is registered with a Map-Resolver alone",
                "{ role: map-server, map-servers: [ { prefix: 40.0.0.0/8, addresses: [ 192.0.2.1 ] } ] }"
                        + " | map-servers: a Map-Server alone asks no other",
                "map-servers: [ { prefix: 40.0.0.0/8 } ] | needs at least one Map-Server",
                "sites: [ { name: a, keys: [ { secret-file: key } ],"
                        + " prefixes: [ { prefix: 'name:A*B' } ] } ]"
                        + " | stands at the end of a name, for all that begin so",
                "sites: [ { name: a, keys: [ { secret-file: key } ],"
                        + " prefixes: [ { prefix: 'group:10.0.0.0/8' } ] } ]"
                        + " | groups are inside 224.0.0.0/4 or ff00::/8, 255.255.255.255, or MACs with"
                        + " the group bit, as in group:239.1.0.0/16, not '10.0.0.0/8'",
                "sites: [ { name: a, keys: [ { secret-file: key } ],"
                        + " prefixes: [ { prefix: 'group:239.0.0.0/3' } ] } ]"
                        + " | has bits behind its length",
                "{ admin: { listen: '127.0.0.1:9000' }, http: { listen: '127.0.0.1:9000' } }"
                        + " | listen: is that of admin already",
                "map-servers: [ { prefix: 'group:239.0.0.0/8', addresses: [ 192.0.2.1 ] } ]"
                        + " | other Map-Servers are not asked for groups",
                "ddt: { authority: [ { prefix: 'name:POD-A-*' } ], servers: [ 192.0.2.1 ] }"
                        + " | names are delegated one by one",
                "ddt: { complete: true } | servers: must name all Map-Servers",
                "{ role: map-resolver, ddt: { servers: [ 192.0.2.1 ] } }"
                        + " | ddt: a Map-Resolver alone has no place in the tree",
                "lisp: { path-mtu: 576 } | path-mtu: must be 0 when it is not known, or at least 1280",
                "refuse: [ { subscriptions-only: true } ]"
                        + " | sources: needs sources, xtr-ids, site-ids or iids: it would concern",
                "subscriptions: { configured: [ { site-id: 9 } ] } | site-id: is no site's: 9",
                "sites: [ { name: a, keys: [ { secret-file: key, mac-coverage: all } ] } ]"
                        + " | mac-coverage: must be message or records, not 'all'",
                "sites: [ { name: a, site-id: 1, keys: [ { secret-file: key } ] },"
                        + " { name: b, site-id: 2, keys: [ { id: 9, secret-file: key } ] } ]"
                        + " | keys: has a secret of site a: a secret is one site's alone",
                "sites: [ { name: a, keys: [ { secret-file: key } ], rlocs: [ 'name:x' ] } ]"
                        + " | rlocs: RLOCs are IP addresses, such as 10.9.0.0/16, not 'name:x'",
            })
    @Rfc("9301 §8.2")
    void whatIsWrongIsSaidInOneSentence(String text, String sentence) {
        assertThatThrownBy(() -> config(text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(sentence);
    }

    /**
     * In a datagram of 576 octets whatever the paths carry, beside the longest MAC and both IDs.
     */
    @Test
    void severalRecordsFindRoomOnEveryPathUnlessTheyAreNotWanted() throws Exception {
        var v4 = Ip.parse("192.0.2.1");
        var v6 = Ip.parse("2001:db8::1");
        var usual = config(SITE);
        var jumbo = config("lisp: { path-mtu: 9000 }\n" + SITE);
        var alone = config("subscriptions: { several-records: false }\n" + SITE);
        assertThat(usual.newsRoom(v4)).isEqualTo(576 - 20 - 8 - 16 - 32 - 24);
        assertThat(usual.newsRoom(v6)).isEqualTo(usual.newsRoom(v4));
        assertThat(jumbo.newsRoom(v4)).isEqualTo(usual.newsRoom(v4));
        assertThat(alone.newsRoom(v4)).isZero();
    }
}
