/**
 * The fabric of draft-jain in one thread and virtual time: real Map-Servers and real xTRs, between
 * which datagrams are octets that a {@link io.lispfabric.conformance.fabric.VirtualFabric} carries
 * and writes down.
 */
@NullMarked
package io.lispfabric.conformance.fabric;

import org.jspecify.annotations.NullMarked;
