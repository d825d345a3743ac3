package io.lispfabric.cli.demo;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.app.AgentConfig;
import io.lispfabric.xtr.app.XtrAgent;
import io.lispfabric.xtr.app.XtrListener;
import io.lispfabric.xtr.core.XtrEvent;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The fabric of draft-jain Figure 1: PoDs A to D with four xTRs, two accelerators and a Scale-Up
 * mapping system each, and a replicated Scale-Out mapping system between them. xTRs have loopback
 * addresses as RLOCs, so that they use the standard ports without root.
 */
final class Figure1 implements AutoCloseable {
    /** The segment of the accelerators' IP addresses. */
    static final int IP_SEGMENT = 1;

    /** The segment of their AccIDs. */
    static final int ACCID_SEGMENT = 100;

    static final String PODS = "ABCD";
    static final Eid DEFAULT_EID = Eid.of(IP_SEGMENT, "0.0.0.0/0");

    /** What a test client may register in the Scale-Out system, besides the PoDs. */
    static final SiteId CLIENT_SITE = new SiteId(99);

    private static final int LISP_PORT = 24342;
    private static final int ADMIN_PORT = 24443;
    private static final int HTTP_PORT = 24080;
    private static final int SCALE_UP_OFFSET = 10;

    private final int members;
    private final Path folder;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<MemberSlot> scaleOut = new ArrayList<>();
    private final Map<Character, MapServer> scaleUp = new TreeMap<>();
    private final Map<String, XtrAgent> xtrs = new TreeMap<>();
    private final Map<Integer, Accelerator> accelerators = new TreeMap<>();
    private final Map<Character, SharedKey> keys = new TreeMap<>();
    private final SharedKey clientKey = randomKey();
    private final ConcurrentLinkedQueue<Seen> events = new ConcurrentLinkedQueue<>();
    private int network = -1;

    /** Something that happened in an xTR. */
    record Seen(String xtr, XtrEvent event) {}

    /** A place in the Scale-Out cluster, with the server that runs there, if one does. */
    private static final class MemberSlot {
        private final ServerConfig config;
        private Optional<MapServer> server;

        MemberSlot(ServerConfig config, MapServer server) {
            this.config = config;
            this.server = Optional.of(server);
        }
    }

    private Figure1(int members, Path folder) {
        this.members = members;
        this.folder = folder;
        for (char pod : PODS.toCharArray()) {
            keys.put(pod, randomKey());
        }
    }

    /** Starts the mapping systems. Ports that are taken are stepped over. */
    static Figure1 start(int members) throws IOException {
        var fabric = new Figure1(members, Files.createTempDirectory("lispctl-demo-"));
        try {
            fabric.startServers();
            return fabric;
        } catch (IOException | RuntimeException e) {
            fabric.close();
            throw e;
        }
    }

    private static SharedKey randomKey() {
        var secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        return SharedKey.of(1, Bytes.of(secret));
    }

    // Mapping systems

    private void startServers() throws IOException {
        int base = freeBase();
        var peers = new ArrayList<ServerConfig.Peer>();
        for (int port : freeTcpPorts(members)) {
            peers.add(new ServerConfig.Peer("ms-" + peers.size(), "127.0.0.1", port));
        }
        for (int i = 0; i < members; i++) {
            var config =
                    ServerConfig.alone(
                                    "ms-" + i,
                                    folder.resolve("scale-out-" + i),
                                    loopback(LISP_PORT + base + i),
                                    scaleOutSites())
                            .in("scale-out", peers)
                            .administeredAt(
                                    loopback(ADMIN_PORT + base + i),
                                    loopback(HTTP_PORT + base + i));
            scaleOut.add(new MemberSlot(config, MapServer.start(config, InstantSource.system())));
        }
        for (int i = 0; i < PODS.length(); i++) {
            char pod = PODS.charAt(i);
            var config =
                    ServerConfig.alone(
                            "pod-" + Character.toLowerCase(pod),
                            folder.resolve("scale-up-" + pod),
                            loopback(LISP_PORT + base + SCALE_UP_OFFSET + i),
                            scaleUpSites(pod));
            var server = MapServer.start(config, InstantSource.system());
            open.push(server);
            scaleUp.put(pod, server);
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    /** How far all ports are moved so that none is taken. */
    private int freeBase() throws IOException {
        for (int base = 0; base < 20_000; base += 100) {
            boolean free = true;
            for (int i = 0; i < members && free; i++) {
                free =
                        isFreeUdp(LISP_PORT + base + i)
                                && isFreeTcp(ADMIN_PORT + base + i)
                                && isFreeTcp(HTTP_PORT + base + i);
            }
            for (int i = 0; i < PODS.length() && free; i++) {
                free = isFreeUdp(LISP_PORT + base + SCALE_UP_OFFSET + i);
            }
            if (free) {
                return base;
            }
        }
        throw new IOException("no free ports for the demo on 127.0.0.1");
    }

    private static boolean isFreeUdp(int port) {
        try (var _ = new DatagramSocket(loopback(port))) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static boolean isFreeTcp(int port) {
        try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static List<Integer> freeTcpPorts(int count) throws IOException {
        var sockets = new ArrayList<ServerSocket>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
    }

    private SharedKey key(char pod) {
        return Optional.ofNullable(keys.get(pod)).orElseThrow();
    }

    static SiteId siteId(char pod) {
        return new SiteId(PODS.indexOf(pod) + 1);
    }

    static String subnet(char pod) {
        return 10 * (PODS.indexOf(pod) + 1) + ".0.0.0/16";
    }

    static String accIdStart(char pod) {
        return "POD-" + pod + "-AccID-";
    }

    private Sites scaleUpSites(char pod) {
        var ip = new InstanceId(IP_SEGMENT);
        return new Sites(
                List.of(
                        new Site(
                                "pod-" + Character.toLowerCase(pod),
                                siteId(pod),
                                List.of(key(pod)),
                                List.of(
                                        SitePrefix.parse(ip, subnet(pod), true, true),
                                        // The pxTRs stand for all that is outside (draft-jain
                                        // §4.3).
                                        SitePrefix.petr(ip, "0.0.0.0/0"),
                                        SitePrefix.parse(
                                                new InstanceId(ACCID_SEGMENT),
                                                "name:" + accIdStart(pod) + "*",
                                                true,
                                                true)),
                                true)),
                true);
    }

    private Sites scaleOutSites() {
        var sites = new ArrayList<Site>();
        for (char pod : PODS.toCharArray()) {
            var prefix = SitePrefix.parse(new InstanceId(IP_SEGMENT), subnet(pod), false, false);
            sites.add(
                    new Site(
                            "pod-" + Character.toLowerCase(pod),
                            siteId(pod),
                            List.of(key(pod)),
                            List.of(prefix),
                            true));
        }
        var client = SitePrefix.parse(new InstanceId(IP_SEGMENT), "99.0.0.0/8", true, false);
        sites.add(new Site("client", CLIENT_SITE, List.of(clientKey), List.of(client), true));
        return new Sites(sites, true);
    }

    /** The Scale-Out servers that run. */
    List<MapServer> scaleOut() {
        return scaleOut.stream().flatMap(slot -> slot.server.stream()).toList();
    }

    MapServer scaleUp(char pod) {
        return Optional.ofNullable(scaleUp.get(pod)).orElseThrow();
    }

    List<MapServer> scaleUp() {
        return List.copyOf(scaleUp.values());
    }

    Optional<MapServer> leader() {
        return scaleOut().stream().filter(MapServer::leads).findFirst();
    }

    /** Where all members of the Scale-Out cluster are, whether they run or not. */
    List<InetSocketAddress> scaleOutAddresses() {
        return scaleOut.stream().map(slot -> slot.config.lisp()).toList();
    }

    List<InetSocketAddress> adminAddresses() {
        return scaleOut.stream().flatMap(slot -> slot.config.admin().stream()).toList();
    }

    List<InetSocketAddress> httpAddresses() {
        return scaleOut.stream().flatMap(slot -> slot.config.http().stream()).toList();
    }

    /** Stops a member without a word to the others. */
    void stop(MapServer server) {
        for (var slot : scaleOut) {
            if (slot.server.equals(Optional.of(server))) {
                slot.server = Optional.empty();
            }
        }
        server.close();
    }

    /** Starts all members that do not run, on the data they had. */
    List<MapServer> restore() throws IOException {
        var started = new ArrayList<MapServer>();
        for (var slot : scaleOut) {
            if (slot.server.isEmpty()) {
                slot.server = Optional.of(MapServer.start(slot.config, InstantSource.system()));
                started.add(slot.server.get());
            }
        }
        return started;
    }

    /** A client of the Scale-Out cluster that is no xTR. */
    ControlClient client(int number, int waitMillis) throws IOException {
        var identity = new XtrIdentity(new XtrId(0, 0x9900 + number), CLIENT_SITE);
        var start = new Nonce(InstantSource.system().instant().getEpochSecond() << 32);
        return new ControlClient(scaleOutAddresses(), clientKey, identity, start, waitMillis);
    }

    // xTRs and accelerators

    /** Starts the xTRs named, such as {@code A3}; all on the same loopback network. */
    void startXtrs(List<String> names) throws IOException {
        var loops = new TreeMap<Character, UdpEndpoint.Loop>();
        for (var name : names) {
            var loop = loops.get(name.charAt(0));
            if (loop == null) {
                loop = UdpEndpoint.Loop.start("pod-" + name.charAt(0));
                open.push(loop);
                loops.put(name.charAt(0), loop);
            }
            var agent = XtrAgent.start(config(name), loop, watch(name), InstantSource.system());
            open.push(agent);
            xtrs.put(name, agent);
        }
    }

    private XtrListener watch(String name) {
        return XtrListener.withPackets(event -> events.add(new Seen(name, event)));
    }

    static List<String> xtrNames() {
        var names = new ArrayList<String>();
        for (char pod : PODS.toCharArray()) {
            for (int i = 1; i <= 4; i++) {
                names.add("" + pod + i);
            }
        }
        return names;
    }

    /** Whether it joins the PoD to the Scale-Out network, as A3 and A4 do. */
    static boolean isGateway(String xtr) {
        return xtr.charAt(1) >= '3';
    }

    private Ip rloc(String xtr) {
        return Ip.parse(
                "127." + network() + "." + (PODS.indexOf(xtr.charAt(0)) + 1) + "." + xtr.charAt(1));
    }

    /** The second octet of all RLOCs: the first one for which the standard ports are free. */
    private int network() {
        for (int octet = 24; network < 0 && octet < 250; octet++) {
            boolean free = true;
            for (int port : new int[] {4341, 4342, 4790}) {
                try (var _ =
                        new DatagramSocket(new InetSocketAddress("127." + octet + ".1.3", port))) {
                    // free, and given back at once
                } catch (IOException _) {
                    free = false;
                }
            }
            network = free ? octet : -1;
        }
        return network;
    }

    private AgentConfig config(String name) {
        char pod = name.charAt(0);
        var own = Eid.of(IP_SEGMENT, subnet(pod));
        var key = key(pod);
        var local = List.of(scaleUp(pod).lispAddress());
        var identity = new XtrIdentity(XtrId.parse(name), siteId(pod));
        if (!isGateway(name)) {
            var domain =
                    AgentConfig.Domain.of("scale-up", local, key, "[1]0.0.0.0/0", "[100]*")
                            .subscribing(List.of(own));
            return AgentConfig.of(name, rloc(name), identity, List.of(domain));
        }
        var others = new ArrayList<Eid>();
        for (char other : PODS.toCharArray()) {
            if (other != pod) {
                others.add(Eid.of(IP_SEGMENT, subnet(other)));
            }
        }
        var domains =
                List.of(
                        AgentConfig.Domain.of("scale-up", local, key, "[1]" + subnet(pod), "[100]*")
                                .subscribing(List.of(own)),
                        AgentConfig.Domain.of("scale-out", scaleOutAddresses(), key, "[1]0.0.0.0/0")
                                .subscribing(others));
        // A3 is the PoD's gateway and A4 stands by: the smaller priority is used.
        int priority = name.charAt(1) == '3' ? 1 : 2;
        return AgentConfig.of(name, rloc(name), identity, domains)
                .withLocator(priority, 50)
                .reEncapsulating()
                .withDatabase(
                        List.of(
                                new AgentConfig.DatabaseEntry(
                                        own, List.of("scale-up", "scale-out")),
                                new AgentConfig.DatabaseEntry(DEFAULT_EID, List.of("scale-up"))));
    }

    /**
     * Makes the eight accelerators and attaches each to its PoD's first two xTRs, but AccID-8 to D2
     * alone.
     */
    void startAccelerators() throws IOException {
        for (int number = 1; number <= 8; number++) {
            char pod = podOf(number);
            var ip = (LispAddress.Ipv4) Ip.parse(10 * (PODS.indexOf(pod) + 1) + ".0.0." + number);
            var accelerator =
                    new Accelerator(number, ip, new LispAddress.Name(accIdStart(pod) + number));
            open.push(accelerator);
            accelerators.put(number, accelerator);
            if (number != 8) {
                attach(accelerator, pod + "1");
            }
            attach(accelerator, pod + "2");
        }
    }

    static char podOf(int accelerator) {
        return PODS.charAt((accelerator - 1) / 2);
    }

    void attach(Accelerator accelerator, String xtr) throws IOException {
        var attachment =
                new AgentConfig.Attachment(
                        "acc-" + accelerator.number(),
                        List.of(accelerator.ipEid(IP_SEGMENT), accelerator.nameEid(ACCID_SEGMENT)),
                        loopback(0),
                        Optional.of(accelerator.address()));
        accelerator.attachedTo(xtr, xtr(xtr).attach(attachment));
    }

    void detach(Accelerator accelerator, String xtr) {
        xtr(xtr).detach(accelerator.ipEid(IP_SEGMENT), accelerator.nameEid(ACCID_SEGMENT));
        accelerator.detachedFrom(xtr);
    }

    XtrAgent xtr(String name) {
        return Optional.ofNullable(xtrs.get(name)).orElseThrow();
    }

    Map<String, XtrAgent> xtrs() {
        return Map.copyOf(xtrs);
    }

    Accelerator accelerator(int number) {
        return Optional.ofNullable(accelerators.get(number)).orElseThrow();
    }

    /** What has happened in the xTRs since {@link #forgetEvents}. */
    List<Seen> events() {
        return List.copyOf(events);
    }

    void forgetEvents() {
        events.clear();
    }

    /** The xTR that has an RLOC; {@code ?} when none has. */
    String xtrAt(Ip rloc) {
        return xtrs.values().stream()
                .map(XtrAgent::config)
                .filter(config -> config.rloc().equals(rloc))
                .map(AgentConfig::name)
                .findFirst()
                .orElse("?");
    }

    Ip rlocOf(String xtr) {
        return xtr(xtr).config().rloc();
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            close(open.pop());
        }
        for (var slot : scaleOut) {
            slot.server.ifPresent(Figure1::close);
            slot.server = Optional.empty();
        }
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException _) {
            // It lies in the temporary folder; nobody will miss it.
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot close " + resource, e);
        }
    }
}
