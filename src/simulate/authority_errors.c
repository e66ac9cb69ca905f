/* Errors of Entra, by number; texts after Microsoft's reference of error codes (2024-04-24). */
#include "simulate/authority_answer.h"

static const struct sim_refusal refusals[] = {
    { 28002, "invalid_request", "The provided value for scope is not valid for this resource." },
    { 50034, "invalid_grant", "The user account does not exist in the directory." },
    { 50053, "invalid_grant", "The account is locked, or the address has too many bad tries." },
    { 50055, "invalid_grant", "The password is expired." },
    { 50057, "invalid_grant", "The user account is disabled." },
    { 50072, "interaction_required", "The user must enroll in multi-factor authentication." },
    { 50074, "interaction_required", "Strong authentication is required." },
    { 50076, "interaction_required", "You must use multi-factor authentication." },
    { 50079, "interaction_required", "You must enroll in multi-factor authentication." },
    { 50097, "interaction_required", "Device authentication is required." },
    { 50105, "invalid_grant", "The signed in user is not assigned to a role for the app." },
    { 50126, "invalid_grant", "Error validating credentials: invalid username or password." },
    { 50173, "invalid_grant", "The provided grant has expired due to it being revoked." },
    { 50194, "unauthorized_client", "The app is not configured as a multi-tenant application." },
    { 50196, "invalid_grant", "The server terminated an operation: a client request loop." },
    { 53000, "interaction_required", "The device is not in the required compliant state." },
    { 53001, "interaction_required", "The device is not domain joined." },
    { 53003, "access_denied", "Access has been blocked by Conditional Access policies." },
    { 65001, "invalid_grant", "The user or administrator has not consented to use the app." },
    { 65004, "access_denied", "The user declined to consent to access the app." },
    { 70000, "invalid_grant", "The provided value for the input parameter is not valid." },
    { 70008, "invalid_grant", "The provided refresh token is expired." },
    { 70011, "invalid_scope", "The provided value for the input parameter scope is not valid." },
    { 70016, "authorization_pending", "Authorization is pending. Continue polling." },
    { 70018, "invalid_grant", "Invalid verification code." },
    { 70019, "expired_token", "The verification code has expired." },
    { 70021, "invalid_client", "No matching federated identity record was found." },
    { 70043, "invalid_grant", "The refresh token is invalid due to sign-in frequency checks." },
    { 90002, "invalid_request", "The tenant was not found. Check the cloud and the tenant." },
    { 90038, "invalid_request", "The tenant belongs to a national cloud." },
    { 90094, "access_denied", "An administrator of the organization has set a policy." },
    { 500011, "invalid_resource", "The resource principal was not found in the tenant." },
    { 530032, "access_denied", "Blocked by a security policy of the tenant." },
    { 530035, "access_denied", "Access has been blocked by security defaults." },
    { 650057, "invalid_resource", "Invalid resource: it is not among the app's permissions." },
    { 700016, "unauthorized_client", "The application was not found in the directory." },
    { 700022, "invalid_request", "The scope contains more than one resource." },
    { 700025, "invalid_client", "Client is public, and sent a secret or an assertion." },
    { 700027, "invalid_client", "The certificate with the identifier used is not registered." },
    { 700082, "invalid_grant", "The refresh token has expired due to inactivity." },
    { 700211, "invalid_client", "No matching record for the assertion's issuer was found." },
    { 700212, "invalid_client", "No matching record for the assertion's audience was found." },
    { 700213, "invalid_client", "No matching record for the assertion's subject was found." },
    { 7000112, "unauthorized_client", "The application is disabled." },
    { 7000215, "invalid_client", "Invalid client secret provided." },
    { 7000218, "invalid_client", "The request must contain client_assertion or client_secret." },
    { 7000222, "invalid_client", "The provided client secret keys are expired." },
    { 9001023, "invalid_request", "The grant type is not supported over the /common endpoint." },
};

const struct sim_refusal *sim_refusal_find(int number)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].number == number)
            return &refusals[i];
    return NULL;
}
