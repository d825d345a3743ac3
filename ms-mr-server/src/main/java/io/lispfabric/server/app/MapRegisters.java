package io.lispfabric.server.app;

import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.auth.MessageAuthentication;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Map-Registers: whether the xTR may say what it says (RFC 9301 §5.6, §8.2). */
final class MapRegisters {
    private static final Logger LOG = LoggerFactory.getLogger(MapRegisters.class);

    /**
     * In an EID-record whose EID has an Instance ID: ten octets before the AFI, two of it, four of
     * the LCAF (RFC 8060 §4.1).
     */
    private static final int IID_MASK_LENGTH_OFFSET = 10 + 2 + 3;

    private final Surroundings around;

    MapRegisters(Surroundings around) {
        this.around = around;
    }

    /**
     * @param payload the message's octets, which its MAC covers
     */
    void receive(MapRegister register, From from, ByteBuffer payload) {
        var site = siteOf(register, payload);
        if (site.isEmpty()) {
            around.metrics().dropped(Drop.BAD_AUTHENTICATION);
            LOG.debug("a Map-Register from {} that no key vouches for", from.address());
            return;
        }
        if (register.mergeRequest() && register.identity().isEmpty()) {
            around.metrics().dropped(Drop.MERGE_WITHOUT_ID);
            return;
        }
        var accepted = new ArrayList<MappingRecord>();
        for (var record : register.records()) {
            // RFC 9301 §9: all EID-Prefixes MUST be verified. A bad record does not spoil its
            // neighbours.
            if (!site.get().mayRegister(record.eid())) {
                around.metrics().dropped(Drop.PREFIX_NOT_ALLOWED);
                LOG.info("site {} may not register {}", site.get().name(), record.eid());
            } else if (!record.locators().stream().allMatch(MapRegisters::isSane)) {
                around.metrics().dropped(Drop.BAD_LOCATOR);
            } else {
                accepted.add(record);
            }
        }
        if (accepted.isEmpty()) {
            return;
        }
        var authentication = register.authentication();
        around.submit(
                new Command.Register(
                        around.origin(),
                        around.millis(),
                        new Credentials(
                                site.get().name(),
                                authentication.keyId(),
                                authentication.algorithmId(),
                                authentication.data().length(),
                                iidMaskLength(register, payload)),
                        site.get().noncesGrow(),
                        register.identity(),
                        register.nonce(),
                        register.proxyReply(),
                        register.securityCapable(),
                        register.mergeRequest(),
                        register.wantMapNotify(),
                        register.ttlForTimeout(),
                        around.config().registrationTimeout().toMillis(),
                        from.address(),
                        around.notifyPort(from.address(), from.port()),
                        accepted));
    }

    /**
     * The IID mask-len of the first EID, which says nothing (RFC 8060 §4.1) but is copied into the
     * Map-Notify like everything else (RFC 9301 §5.7): Open Overlay Router compares it.
     */
    private static int iidMaskLength(MapRegister register, ByteBuffer payload) {
        if (register.records().getFirst().eid().iid().equals(InstanceId.DEFAULT)) {
            return 0;
        }
        int record =
                payload.position()
                        + Authentication.DATA_OFFSET
                        + register.authentication().data().length();
        return payload.get(record + IID_MASK_LENGTH_OFFSET) & 0xFF;
    }

    private static boolean isSane(Locator locator) {
        return locator.rloc().ip().map(Ip::isUnicast).orElse(true);
    }

    /**
     * The site whose key made the MAC: the one that the Site-ID names, or, for an xTR without ids,
     * any that fits.
     */
    private Optional<Site> siteOf(MapRegister register, ByteBuffer payload) {
        var candidates =
                register.identity()
                        .map(id -> around.config().sites().withId(id.siteId()).stream().toList())
                        .orElse(around.config().sites().sites());
        for (var site : candidates) {
            var key = site.key(register.authentication().keyId());
            if (key.isPresent() && MessageAuthentication.verify(register, payload, key.get())) {
                return Optional.of(site);
            }
        }
        return Optional.empty();
    }
}
