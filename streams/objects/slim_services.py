"""Services, endpoint slices and legacy Endpoints as the inventory keeps them."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.records import Endpoint, EndpointPort, EndpointSliceBody, ServiceBody, ServicePort
from streams.objects import fields
from streams.objects.addresses import is_address
from streams.objects.slim_pods import protocol_of

Object = Mapping[str, Any]


def service_body(source: Object) -> ServiceBody:
    """What matters of a Service; raises BadObject naming the wrong field."""
    cluster_ips = (*fields.texts(source, "spec.clusterIPs"), fields.text(source, "spec.clusterIP"))
    return ServiceBody(
        type=fields.text(source, "spec.type") or "ClusterIP",
        cluster_ips=tuple(dict.fromkeys(ip for ip in cluster_ips if is_address(ip))),
        external_ips=tuple(ip for ip in fields.texts(source, "spec.externalIPs") if is_address(ip)),
        load_balancer_ips=tuple(_load_balancer_ips(source)),
        selector=fields.labels(source, "spec.selector"),
        ports=tuple(_service_port(port) for port in fields.items(source, "spec.ports")),
    )


def slice_body(source: Object) -> EndpointSliceBody:
    """What matters of an EndpointSlice; raises BadObject naming the wrong field."""
    service = dict(fields.labels(source, "metadata.labels")).get("kubernetes.io/service-name", "")
    endpoints = (_endpoint(item, fields.texts(item, "addresses")) for item in fields.items(source, "endpoints"))
    return EndpointSliceBody(
        service=service,
        endpoints=tuple(endpoint for endpoint in endpoints if endpoint.addresses),
        ports=tuple(_endpoint_port(port) for port in fields.items(source, "ports")),
    )


def endpoints_as_slices(source: Object) -> Iterator[EndpointSliceBody]:
    """Each subset of an Endpoints object as a slice of the Service of the same name."""
    for subset in fields.items(source, "subsets"):
        ready = fields.items(subset, "addresses") + fields.items(subset, "notReadyAddresses")
        yield EndpointSliceBody(
            service=fields.text(source, "metadata.name"),
            endpoints=tuple(_endpoint(item, (fields.text(item, "ip"),)) for item in ready),
            ports=tuple(_endpoint_port(port) for port in fields.items(subset, "ports")),
        )


def _load_balancer_ips(source: Object) -> Iterator[str]:
    """Addresses that kube-proxy short-cuts; with ipMode Proxy a connection really leaves the node (KEP-1860)."""
    for ingress in fields.items(source, "status.loadBalancer.ingress"):
        address = fields.text(ingress, "ip")
        if is_address(address) and fields.text(ingress, "ipMode") != "Proxy":
            yield address


def _service_port(port: Object) -> ServicePort:
    target = fields.at(port, "targetPort")
    return ServicePort(
        name=fields.text(port, "name"),
        port=fields.number(port, "port"),
        target_port=str(fields.number(port, "port") if target is None else target),
        protocol=protocol_of(port),
        node_port=fields.number(port, "nodePort"),
    )


def _endpoint(item: Object, addresses: tuple[str, ...]) -> Endpoint:
    kept = tuple(address for address in addresses if is_address(address))
    if fields.text(item, "targetRef.kind") != "Pod":
        return Endpoint(kept)
    return Endpoint(kept, fields.text(item, "targetRef.uid"), fields.text(item, "targetRef.name"))


def _endpoint_port(port: Object) -> EndpointPort:
    return EndpointPort(fields.text(port, "name"), fields.number(port, "port"), protocol_of(port))
