"""SCIM 2.0: how the city's identity system feeds the directory. Decision 0022 says what means what."""

from chassis.http import Answer, HttpRefusal
from contracts import directory
from gateway.scim import ListQuery, NoQuery, answered, listed, refuse_elsewhere, scim_route, shown


class ScimRoutes:
    @scim_route("GET", "/ServiceProviderConfig")
    def scim_config(self, call):
        return answered(call.ask(directory.scim_discover)["config"])

    @scim_route("GET", "/ResourceTypes")
    def scim_resource_types(self, call):
        return listed(call.ask(directory.scim_discover)["resource_types"])

    @scim_route("GET", "/ResourceTypes/<key>")
    def scim_resource_type(self, call, key):
        return answered(_named(key, call.ask(directory.scim_discover)["resource_types"]))

    @scim_route("GET", "/Schemas")
    def scim_schemas(self, call):
        return listed(call.ask(directory.scim_discover)["schemas"])

    @scim_route("GET", "/Schemas/<key>")
    def scim_schema(self, call, key):
        return answered(_named(key, call.ask(directory.scim_discover)["schemas"]))

    @scim_route("GET", "/<any(Users, Groups):resource>", query=ListQuery)
    def scim_list(self, call, resource):
        return listed(**call.ask(directory.scim_list, resource=resource, **call.query))

    @scim_route("POST", "/<any(Users, Groups):resource>/.search", query=NoQuery, body=True)
    def scim_search(self, call, resource):
        return listed(**call.ask(directory.scim_list, resource=resource, **call.search))

    @scim_route("GET", "/<any(Users, Groups):resource>/<key>")
    def scim_get(self, call, resource, key):
        found = call.ask(directory.scim_get, resource=resource, id=key, **call.query)
        if call.is_known(found["version"]):
            return Answer(status=304, headers={"ETag": found["version"]})
        return shown(found)

    @scim_route("POST", "/<any(Users, Groups):resource>", body=True)
    def scim_create(self, call, resource):
        return shown(call.ask(directory.scim_create, resource=resource, body=call.body, **call.query), 201)

    @scim_route("PUT", "/<any(Users, Groups):resource>/<key>", body=True)
    def scim_replace(self, call, resource, key):
        return shown(call.change(directory.scim_replace, resource, key))

    @scim_route("PATCH", "/<any(Users, Groups):resource>/<key>", body=True)
    def scim_patch(self, call, resource, key):
        return shown(call.change(directory.scim_patch, resource, key))

    @scim_route("DELETE", "/<any(Users, Groups):resource>/<key>", query=NoQuery)
    def scim_delete(self, call, resource, key):
        call.ask(directory.scim_delete, resource=resource, id=key, if_match=call.if_match)
        return Answer(status=204)

    # everything else: the guard has the answer, whatever the body is

    @scim_route("GET", "/<path:path>", guard=refuse_elsewhere)
    def scim_get_elsewhere(self, call, path): ...

    @scim_route("POST", "/<path:path>", guard=refuse_elsewhere)
    def scim_post_elsewhere(self, call, path): ...

    @scim_route("PUT", "/<path:path>", guard=refuse_elsewhere)
    def scim_put_elsewhere(self, call, path): ...

    @scim_route("PATCH", "/<path:path>", guard=refuse_elsewhere)
    def scim_patch_elsewhere(self, call, path): ...

    @scim_route("DELETE", "/<path:path>", guard=refuse_elsewhere)
    def scim_delete_elsewhere(self, call, path): ...


def _named(key: str, documents: list[dict]) -> dict:
    found = next((each for each in documents if each["id"].lower() == key.lower()), None)
    if found is None:
        raise HttpRefusal("not_found")
    return found
