/**
 * The data plane: what happens to one packet, from an accelerator or from the network. Start at
 * {@link io.lispfabric.xtr.forward.Forwarder}.
 *
 * <p>{@link io.lispfabric.xtr.forward.Encapsulation}, {@link
 * io.lispfabric.xtr.forward.AttachmentCircuit} and {@link io.lispfabric.xtr.forward.DataPlane} are
 * all it knows of headers, accelerators and sockets. With the UDP sockets of an unprivileged
 * process as data plane, RFC 9300 §5.3 is kept only in part:
 *
 * <ul>
 *   <li>the outer source port is that of the one data socket, not a hash of the flow, so the
 *       underlay does not spread the flows between two xTRs;
 *   <li>outer TTL, DSCP and ECN are the kernel's; neither are they copied from the inner header,
 *       nor the inner ones set from them. Instead an inner TTL is counted down by one at each
 *       re-encapsulation.
 * </ul>
 */
@NullMarked
package io.lispfabric.xtr.forward;

import org.jspecify.annotations.NullMarked;
